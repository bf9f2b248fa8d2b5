namespace InferMesh.Grains.Routing;

/// <summary>What a starting silo must have heard of once before it decides. Thread-safe.</summary>
/// <param name="awaited">What it waits for at first.</param>
internal sealed class FirstNews(params string[] awaited)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _missing = new(awaited, StringComparer.Ordinal);

    public bool IsAll
    {
        get
        {
            lock (_gate) return _missing.Count == 0;
        }
    }

    public bool Has(string what)
    {
        lock (_gate) return !_missing.Contains(what);
    }

    public void Await(string what)
    {
        lock (_gate) _missing.Add(what);
    }

    public void Take(string what)
    {
        lock (_gate) _missing.Remove(what);
    }
}
