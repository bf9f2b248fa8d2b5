#compdef infermesh
# Completion of infermesh for zsh: source <(infermesh completion zsh)
_infermesh() {
  # Of the line only this command, up to the cursor: others may stand before it and behind it.
  local line="${(j: :)words[1,CURRENT-1]} $PREFIX"
  local -a candidates
  candidates=("${(@f)$(infermesh __complete "${#line}" "$line" 2>/dev/null)}")
  candidates=(${candidates:#})
  if (( ${#candidates} )); then
    compadd -a candidates
  else
    # Nothing of its own: a file may stand here.
    _files
  fi
}
if [ "$funcstack[1]" = "_infermesh" ]; then
  _infermesh "$@"
else
  compdef _infermesh infermesh
fi
