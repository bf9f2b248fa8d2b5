namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>Instances of one plugin, made when they are first needed, up to a limit. A caller prefers the one that its processor used last. Thread-safe.</summary>
internal sealed class WasmPool : IDisposable
{
    private readonly Func<WasmInstance?> _create;
    private readonly string _plugin;
    private readonly WasmInstance?[] _idle;
    private int _made;
    private volatile bool _closed;

    public WasmPool(string plugin, int size, Func<WasmInstance?> create)
    {
        (_plugin, _create) = (plugin, create);
        _idle = new WasmInstance?[Math.Max(1, size)];
    }

    /// <summary>Instances that there are, in use or not.</summary>
    public int Made => Volatile.Read(ref _made);

    /// <summary>An instance for the caller alone; null when all are in use, or none can be made.</summary>
    public WasmInstance? Rent(out PluginFailure failure)
    {
        failure = PluginFailure.None;
        var first = Thread.GetCurrentProcessorId();
        for (var i = 0; i < _idle.Length; i++)
        {
            ref var slot = ref _idle[(int)((uint)(first + i) % (uint)_idle.Length)];
            if (Volatile.Read(ref slot) is not null && Interlocked.Exchange(ref slot, null) is { } idle) return idle;
        }
        if (_closed)
        {
            failure = PluginFailure.Unloaded;
            return null;
        }
        if (Interlocked.Increment(ref _made) > _idle.Length)
        {
            Interlocked.Decrement(ref _made);
            failure = PluginFailure.Busy;
            return null;
        }
        if (_create() is { } made)
        {
            PluginMetrics.InstancesChanged(_plugin, 1);
            return made;
        }
        Interlocked.Decrement(ref _made);
        failure = PluginFailure.Trap;
        return null;
    }

    /// <summary>Gives one back that is as it should be.</summary>
    public void Return(WasmInstance instance)
    {
        var first = Thread.GetCurrentProcessorId();
        for (var i = 0; i < _idle.Length; i++)
        {
            ref var slot = ref _idle[(int)((uint)(first + i) % (uint)_idle.Length)];
            if (Interlocked.CompareExchange(ref slot, instance, null) is not null) continue;
            // Whoever closes empties the slots after it has said so: one of the two finds it.
            if (_closed && Interlocked.Exchange(ref slot, null) is { } left) Drop(left);
            return;
        }
        Drop(instance);
    }

    /// <summary>Throws one away.</summary>
    public void Drop(WasmInstance instance)
    {
        instance.Dispose();
        Interlocked.Decrement(ref _made);
        PluginMetrics.InstancesChanged(_plugin, -1);
    }

    public void Dispose()
    {
        _closed = true;
        Interlocked.MemoryBarrier();
        for (var i = 0; i < _idle.Length; i++)
        {
            if (Interlocked.Exchange(ref _idle[i], null) is { } idle) Drop(idle);
        }
    }
}
