namespace InferMesh.Grains.Common;

/// <summary>Lets one at a time decide and write, in the order in which they came. Used on one grain's own scheduler only.</summary>
internal sealed class GrainTurn
{
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private bool _taken;

    /// <summary>Ends when it is the caller's turn; <see cref="Leave"/> ends the turn.</summary>
    public Task EnterAsync()
    {
        if (!_taken)
        {
            _taken = true;
            return Task.CompletedTask;
        }
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue(turn);
        return turn.Task;
    }

    /// <summary>Gives the turn to the next one.</summary>
    public void Leave()
    {
        if (_waiting.TryDequeue(out var next)) next.SetResult();
        else _taken = false;
    }
}
