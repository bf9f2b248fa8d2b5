namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>A token that ends with another one, or when nothing has moved for a while.</summary>
internal sealed class IdleLimit : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _source;

    public IdleLimit(TimeSpan limit, CancellationToken outer)
    {
        _limit = limit;
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        Touch();
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Something moved.</summary>
    public void Touch() => _source.CancelAfter(_limit);

    /// <summary>Nothing is wanted any more.</summary>
    public void End() => _source.Cancel();

    public void Dispose() => _source.Dispose();
}
