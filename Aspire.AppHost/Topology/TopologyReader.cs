using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace InferMesh.AppHost.Topology;

/// <summary>Turns configuration into a <see cref="MeshTopology"/>; collects every error instead of stopping at the first.</summary>
internal sealed class TopologyReader
{
    private const int MaxPort = 65535;
    private readonly IConfiguration _configuration;
    private readonly IConfigurationSection _section;
    private readonly List<string> _errors = [];

    private TopologyReader(IConfiguration configuration)
    {
        _configuration = configuration;
        _section = configuration.GetSection(MeshSettings.Section);
    }

    public static TopologyResult Read(IConfiguration configuration, string currentDirectory) =>
        new TopologyReader(configuration).Read(currentDirectory);

    private TopologyResult Read(string currentDirectory)
    {
        RejectUnknownKeys();
        var topology = new MeshTopology
        {
            Mode = Mode(),
            ClusterId = Text("ClusterId") ?? $"infermesh-{Guid.NewGuid().ToString("N")[..8]}",
            ServiceId = Text("ServiceId") ?? "infermesh",
            Silos = Number("Silos", 2, 1, 16),
            ApiPort = Number("ApiPort", 8080, 1, MaxPort),
            GrpcPort = Number("GrpcPort", 50051, 1, MaxPort),
            RedisSource = StoreSourceReader.Redis(_configuration, _errors),
            PostgresSource = StoreSourceReader.Postgres(_configuration, _errors),
            DataDirectory = Path.GetFullPath(Text("DataDirectory") ?? ".infermesh", currentDirectory),
            FleetPlan = Fleet(),
            TrainerPlan = Trainers(),
            Verbose = Flag("Verbose", false),
        };
        if (topology.ApiPort == topology.GrpcPort)
            _errors.Add($"Mesh:ApiPort and Mesh:GrpcPort are both {topology.ApiPort}: HTTP/1.1 and cleartext HTTP/2 need a port each");
        return new(_errors.Count == 0 ? topology : null, _errors);
    }

    private void RejectUnknownKeys()
    {
        var known = MeshSettings.All.Select(s => s.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var child in _section.GetChildren())
        {
            if (!known.Contains(child.Key))
                _errors.Add($"Mesh:{child.Key} is not a setting; the settings are {string.Join(", ", MeshSettings.All.Select(s => s.Key))}");
            else if (child.GetChildren().Any())
                _errors.Add($"Mesh:{child.Key} takes one value and has no keys below it");
        }
    }

    private FleetPlan? Fleet()
    {
        // Read even when switched off, so that a bad value is reported and not hidden.
        var nodes = Number("FleetNodes", 8, 1, 2048);
        var cells = Number("FleetCells", Math.Min(2, nodes), 1, nodes);
        var plan = new FleetPlan(nodes, cells, Number("FleetSeed", 1, 0, int.MaxValue), Number("FleetPort", 18000, 0, MaxPort), Number("FleetAdminPort", 17999, 0, MaxPort));
        return Flag("Fleet", true) ? plan : null;
    }

    private TrainerPlan? Trainers()
    {
        var plan = new TrainerPlan(Number("Trainers", 2, 0, 64), Number("TrainerGpus", 2, 1, 16));
        return plan.Nodes > 0 ? plan : null;
    }

    private RunMode Mode()
    {
        switch (Text("Mode")?.ToLowerInvariant())
        {
            case null or "auto": return RunMode.Auto;
            case "aspire": return RunMode.Aspire;
            case "local": return RunMode.Local;
            default:
                _errors.Add($"Mesh:Mode is '{Text("Mode")}': use auto, aspire or local");
                return RunMode.Auto;
        }
    }

    private int Number(string key, int otherwise, int min, int max)
    {
        if (Text(key) is not { } text) return otherwise;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max) return value;
        _errors.Add($"Mesh:{key} is '{text}': use a whole number from {min} to {max}");
        return otherwise;
    }

    private bool Flag(string key, bool otherwise)
    {
        if (Text(key) is not { } text) return otherwise;
        if (bool.TryParse(text, out var value)) return value;
        _errors.Add($"Mesh:{key} is '{text}': use true or false");
        return otherwise;
    }

    // An empty variable in a script or a compose file means "not set".
    private string? Text(string key) => _section[key] is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
}
