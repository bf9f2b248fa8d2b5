using Wasmtime;

namespace InferMesh.Strategies.Hosting.Wasm;

/// <summary>The one engine of a process, and its clock.</summary>
internal sealed class WasmRuntime : IDisposable
{
    // Of the thread that decides, whose stack is 1.5 MiB or more.
    private const int StackBytes = 256 << 10;

    private static readonly TimeSpan Epoch = TimeSpan.FromMilliseconds(1);

    public WasmRuntime()
    {
        // No threads, no 64-bit memories, nothing whose result may differ between processors.
        Engine = new(new Config().WithFuelConsumption(true).WithEpochInterruption(true).WithMaximumStackSize(StackBytes)
            .WithWasmThreads(false).WithMemory64(false).WithMultiMemory(false).WithRelaxedSIMD(false, true).WithOptimizationLevel(OptimizationLevel.Speed));
        Ticker = new("infermesh-wasm-epoch", Epoch, Engine.IncrementEpoch);
    }

    public Engine Engine { get; }

    public BusyTicker Ticker { get; }

    /// <summary>Epochs after which a call that begins now has had the time.</summary>
    public static ulong Epochs(TimeSpan time) => (ulong)Math.Max(1, Math.Ceiling(time / Epoch)) + 1;

    public void Dispose()
    {
        Ticker.Dispose();
        Engine.Dispose();
    }
}
