using InferMesh.Cli.Fleet.Engine;
using InferMesh.Cli.Fleet.Http;
using InferMesh.Simulator.World;

namespace InferMesh.Cli.Fleet;

/// <summary>One synthetic node: a GPU of the catalogue with one runtime behind a real port. Always labelled <c>synthetic=true</c>.</summary>
internal sealed class SyntheticNode
{
    private readonly ConnectionSet _connections = new();
    private Uri? _endpoint;

    public SyntheticNode(string id, string cell, string zone, GpuProfile gpu, FleetOptions options, TimeProvider time)
    {
        Id = id;
        Cell = cell;
        Zone = zone;
        GpuProfile = gpu;
        Models = options.Models;
        Seed = options.Seed;
        TimeScale = options.TimeScale;
        Time = time;
        Engine = new NodeEngine(gpu, options.Models, options.TimeScale, ModeSwitch, time);
    }

    public string Id { get; }

    public string Cell { get; }

    public string Zone { get; }

    public GpuProfile GpuProfile { get; }

    /// <summary>Models that this node serves.</summary>
    public IReadOnlyList<string> Models { get; }

    /// <summary>Factor on every duration of this node.</summary>
    public double TimeScale { get; }

    /// <summary>Labels that go wherever the node is named.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; } = new Dictionary<string, string> { ["synthetic"] = "true" };

    /// <summary>Base address of the runtime. Known once the fleet has started.</summary>
    /// <exception cref="InvalidOperationException">The fleet has not started.</exception>
    public Uri Endpoint
    {
        get => _endpoint ?? throw new InvalidOperationException($"Node {Id} does not serve yet.");
        internal set => _endpoint = value;
    }

    /// <summary>How full the runtime is: the greater of promised KV share and slot share, 1 while requests wait; 0 to 1.</summary>
    public double Load => Engine.Load;

    /// <summary>Share of KV blocks in use, 0 to 1.</summary>
    public double KvUsage => Engine.KvUsage;

    public int Running => Engine.Running;

    public int Waiting => Engine.Waiting;

    /// <summary>Requests answered to the end.</summary>
    public long Served => Engine.Served;

    /// <summary>Whether the node's telemetry is switched off: an agent that reports for it must send nothing. Volatile.</summary>
    public bool Silent { get => Volatile.Read(ref _silent); set => Volatile.Write(ref _silent, value); }

    private bool _silent;

    public NodeModeSetting Mode => ModeSwitch.Current;

    internal int Seed { get; }

    internal TimeProvider Time { get; }

    internal NodeEngine Engine { get; }

    internal NodeModeSwitch ModeSwitch { get; } = new();

    internal ConnectionSet Connections => _connections;

    /// <summary>Changes how the node behaves, for requests in flight too.</summary>
    public void SetMode(NodeModeSetting setting)
    {
        ModeSwitch.Set(setting);
        if (setting.Mode == NodeMode.Fail)
        {
            _connections.AbortAll();
            Engine.CancelAll();
        }
    }
}
