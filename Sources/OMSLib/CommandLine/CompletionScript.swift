/// What a shell is told so that it asks `oms __complete` at each TAB. Nothing about commands stands in it, so a script of
/// an older version cannot be wrong, and one reader of command lines is enough for three shells.
///
/// `oms __complete -- WORDS`, the last of which is the one at the cursor and may be empty, answers with one word on the
/// first line: `words`, then a candidate in each line, a tab and what it means; `files`; `directories`; `program N`: a
/// command line of another program that begins behind N words.
package enum CompletionScript: String, CaseIterable, Sendable {
  case bash
  case zsh
  case fish

  /// As the shell looks for it.
  package var fileName: String {
    switch self {
    case .bash: "oms.bash"
    case .zsh: "_oms"
    case .fish: "oms.fish"
    }
  }

  package var text: String {
    switch self {
    case .bash: Self.bashText
    case .zsh: Self.zshText
    case .fish: Self.fishText
    }
  }

  private static let bashText = #"""
    # Completion of oms for bash 4.4 and later. Made by `oms completion bash`.

    _oms_program() {
      local index
      for ((index = 1; index < COMP_CWORD; index++)); do
        [[ ${COMP_WORDS[index]} != -- ]] || break
      done
      if declare -F _command_offset >/dev/null; then
        _command_offset $((index + 1))
      elif ((index + 1 == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$2")
      else
        compopt -o default
      fi
    }

    _oms() {
      local index piece kind word meaning
      local rest=${COMP_LINE:0:COMP_POINT} words=() answer=() meanings=()
      # Bash cuts words at = : @ too: what no blank separates belongs together.
      for ((index = 0; index <= COMP_CWORD; index++)); do
        piece=${COMP_WORDS[index]}
        word=${rest#"${rest%%[![:blank:]]*}"}
        ((index < COMP_CWORD)) || piece=$word
        if [[ $word == "$rest" ]] && ((index > 0)); then
          words[-1]+=$piece
        else
          words+=("$piece")
        fi
        rest=${word#"$piece"}
      done
      # The part of the word that stays is not offered again; a @ before the rest does not stay.
      [[ $piece =~ ^[=:]+$ ]] && piece=
      local before=${words[-1]%"$piece"}
      before=${before%@}

      COMPREPLY=()
      mapfile -t answer < <(command oms __complete -- "${words[@]:1}" 2>/dev/null)
      kind=${answer[0]}
      case $kind in
        words)
          for word in "${answer[@]:1}"; do
            meaning=${word#*$'\t'}
            word=${word%%$'\t'*}
            COMPREPLY+=("${word#"$before"}")
            meanings+=("$word${meaning:+  ($meaning)}")
          done
          # Bash is about to list them and to insert nothing.
          if ((COMP_TYPE == 63 && ${#COMPREPLY[@]} > 1)); then COMPREPLY=("${meanings[@]}"); fi
          ;;
        files | directories)
          compopt -o filenames
          mapfile -t COMPREPLY < <(compgen -"${kind:0:1}" -- "$piece")
          ;;
        program*) _oms_program "$@" ;;
      esac
    }

    complete -o nosort -F _oms oms

    """#

  private static let zshText = #"""
    #compdef oms
    # Completion of oms for zsh 5 and later. Made by `oms completion zsh`.

    _oms() {
      local line words_before
      local -a answer candidates
      answer=("${(@f)$(command oms __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
      case $answer[1] in
        words)
          for line in "${(@)answer[2,-1]}"; do
            candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
          done
          _describe -V oms candidates
          ;;
        files)
          compset -P '--[a-z-]##='
          _files
          ;;
        directories)
          compset -P '--[a-z-]##='
          _files -/
          ;;
        program*)
          words_before=${answer[1]#program }
          shift $((words_before + 1)) words
          ((CURRENT -= words_before + 1))
          _normal
          ;;
      esac
    }

    # Loaded by compinit it runs at once; read with `source` it says what it is for.
    if [[ $funcstack[1] == _oms ]]; then
      _oms "$@"
    else
      compdef _oms oms
    fi

    """#

  private static let fishText = #"""
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

    """#
}
