# Completion of infermesh for fish: infermesh completion fish | source
function __infermesh_complete
    set -l line (commandline -cp)
    set -l candidates (infermesh __complete (string length -- "$line") "$line" 2>/dev/null)
    if test (count $candidates) -gt 0
        printf '%s\n' $candidates
    else
        # Nothing of its own: a file may stand here.
        __fish_complete_path (commandline -ct)
    end
end
complete -c infermesh -f -a '(__infermesh_complete)'
