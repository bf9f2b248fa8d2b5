# Completion of infermesh for fish: infermesh completion fish | source
function __infermesh_complete
    set -l line (commandline -cp)
    infermesh __complete (string length -- "$line") "$line" 2>/dev/null
end
complete -c infermesh -a '(__infermesh_complete)'
