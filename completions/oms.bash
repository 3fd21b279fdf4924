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
