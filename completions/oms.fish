# Completion of oms for fish 3 and later. Made by `oms completion fish`.

function __oms_complete
    set -l words (commandline -opc)
    set -l cursor (string trim --left --chars '"\'' -- (commandline -ct))
    set -e words[1]
    set -l answer (command oms __complete -- $words "$cursor" 2>/dev/null)
    set -l kind (string split ' ' -- "$answer[1]")
    set -e answer[1]
    switch "$kind[1]"
        case words
            printf '%s\n' $answer
        case files directories
            set -l before (string match --regex '^--[a-z-]+=' -- "$cursor")
            set -l path (string replace --regex '^--[a-z-]+=' '' -- "$cursor")
            set -l paths (__fish_complete_path "$path")
            if test $kind[1] = directories
                set paths (__fish_complete_directories "$path")
            end
            for found in $paths
                printf '%s%s\n' "$before" $found
            end
        case program
            set -e words[1..$kind[2]]
            complete --do-complete (string join ' ' -- (string escape -- $words) "$cursor")
    end
end

complete --command oms --no-files --keep-order --arguments '(__oms_complete)'
