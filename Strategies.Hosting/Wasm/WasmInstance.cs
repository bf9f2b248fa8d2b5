using System.Text;
using Wasmtime;

namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>
/// One instance of a plugin's module, with a store of its own: memory, fuel and epoch are nobody else's. For one caller at a time. After a call that did not end well it is thrown away,
/// since nobody knows what it left behind.
/// </summary>
internal sealed class WasmInstance : IDisposable
{
    // Set-up is not a decision, but it may happen within one.
    private static readonly TimeSpan StartTime = TimeSpan.FromMilliseconds(50);

    private readonly WasmRuntime _runtime;
    private readonly Store _store;
    private readonly Linker _linker;
    private readonly Memory _memory;
    private readonly Instance _instance;
    private readonly Func<int, int> _reserve;
    private readonly Action<PluginLogLevel, string> _log;
    private ulong _random;

    private WasmInstance(WasmRuntime runtime, WasmProgram program, PluginBudget budget, string entry, Action<PluginLogLevel, string> log)
    {
        _runtime = runtime;
        _log = log;
        _store = new(runtime.Engine);
        _linker = new(runtime.Engine);
        try
        {
            _store.SetLimits(budget.MemoryBytes, 10_000, 1, 1, 1);
            _linker.DefineFunction(WasmAbi.HostModule, "log", (CallerAction<int, int, int>)Log);
            _linker.DefineFunction(WasmAbi.HostModule, "random", NextRandom);
            Allow(budget.TrainingFuel, StartTime, 0);
            _runtime.Ticker.Enter();
            try
            {
                _instance = _linker.Instantiate(_store, program.Module);
                _memory = _instance.GetMemory("memory")!;
                _reserve = _instance.GetFunction<int, int>("im_reserve")!;
                var version = _instance.GetFunction<int>("im_abi_version")!();
                if (version != WasmAbi.Version) throw new WasmtimeException($"Written for version {version} of the interface; this host has {WasmAbi.Version}.");
                Entry = _instance.GetFunction<int, int>(entry);
                Columns = (ulong)(_instance.GetFunction<long>("im_columns")?.Invoke() ?? 0);
            }
            finally
            {
                _runtime.Ticker.Leave();
            }
        }
        catch
        {
            _linker.Dispose();
            _store.Dispose();
            throw;
        }
    }

    /// <summary>Bits of the columns that it reads, and <see cref="WasmAbi.PrefixBit"/>.</summary>
    public ulong Columns { get; }

    /// <summary>Where the host writes; 0 before <see cref="Reserve"/>.</summary>
    public int Buffer { get; private set; }

    /// <summary>Bytes there.</summary>
    public int Capacity { get; private set; }

    /// <summary>The buffer; invalid after the next call.</summary>
    public Span<byte> Span => _memory.GetSpan(Buffer, Capacity);

    /// <summary>The function that is called; null when the module has none of that name.</summary>
    public Func<int, int>? Entry { get; }

    /// <summary>What the buffer was last written for; set by who writes it.</summary>
    public object? Layout { get; set; }

    /// <summary>Makes an instance; null with what happened when it could not be made.</summary>
    public static WasmInstance? TryCreate(WasmRuntime runtime, WasmProgram program, PluginBudget budget, string entry, Action<PluginLogLevel, string> log, out string error)
    {
        error = "";
        try
        {
            return new(runtime, program, budget, entry, log);
        }
        catch (Exception e) when (e is WasmtimeException or ObjectDisposedException)
        {
            error = e.Message;
            return null;
        }
    }

    /// <summary>A function that takes an address and returns a status; null when it is not exported.</summary>
    public Func<int, int>? Function(string name) => _instance.GetFunction<int, int>(name);

    /// <summary>What the calls that follow may use, together.</summary>
    public void Allow(ulong fuel, TimeSpan deadline, ulong seed)
    {
        _store.Fuel = fuel;
        _store.SetEpochDeadline(WasmRuntime.Epochs(deadline));
        _random = seed;
    }

    /// <summary>Makes room for so many bytes; a little more, so that a growing fleet does not ask each time.</summary>
    public PluginFailure Reserve(int bytes)
    {
        if (bytes <= Capacity) return PluginFailure.None;
        var wanted = (int)Math.Min(int.MaxValue - 65_536L, bytes + bytes / 4L + 4096) & ~7;
        var failure = Call(_reserve, wanted, out var address);
        if (failure != PluginFailure.None) return failure;
        var (at, length) = ((long)(uint)address, _memory.GetLength());
        if (at == 0 || at % 8 != 0 || at > int.MaxValue || at + wanted > length) return PluginFailure.Invalid;
        (Buffer, Capacity, Layout) = (address, wanted, null);
        return PluginFailure.None;
    }

    /// <summary>Calls; whatever but <see cref="PluginFailure.None"/> and a returned status leaves the instance in a state that nobody knows.</summary>
    public PluginFailure Call(Func<int, int> function, int argument, out int result)
    {
        result = 0;
        _runtime.Ticker.Enter();
        try
        {
            result = function(argument);
            return PluginFailure.None;
        }
        catch (TrapException e)
        {
            return e.Type switch
            {
                TrapCode.OutOfFuel => PluginFailure.OutOfFuel,
                TrapCode.Interrupt => PluginFailure.Timeout,
                _ => PluginFailure.Trap,
            };
        }
        catch (WasmtimeException)
        {
            return PluginFailure.Trap;
        }
        finally
        {
            _runtime.Ticker.Leave();
        }
    }

    public void Dispose()
    {
        _linker.Dispose();
        _store.Dispose();
    }

    private void Log(Caller caller, int level, int address, int length)
    {
        var kept = Math.Clamp(length, 0, WasmAbi.MaxLogBytes);
        if (address < 0 || !caller.TryGetMemorySpan<byte>("memory", address, kept, out var text)) return;
        _log(level switch { <= 0 => PluginLogLevel.Debug, 1 => PluginLogLevel.Information, _ => PluginLogLevel.Warning }, Encoding.UTF8.GetString(text));
    }

    // SplitMix64 (Steele, Lea and Flood 2014): the numbers of a decision are a function of its seed.
    private long NextRandom()
    {
        var z = _random += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return (long)(z ^ (z >> 31));
    }
}
