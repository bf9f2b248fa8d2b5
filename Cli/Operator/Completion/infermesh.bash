# Completion of infermesh for bash: source <(infermesh completion bash)
_infermesh() {
  local words
  words="$(infermesh __complete "$COMP_POINT" "$COMP_LINE" 2>/dev/null)"
  local current="${COMP_WORDS[COMP_CWORD]}"
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  # Nothing of its own: a file may stand here.
  if [ ${#COMPREPLY[@]} -eq 0 ]; then
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _infermesh infermesh
