using InferMesh.AppHost.Topology;

namespace InferMesh.AppHost;

/// <summary>What runs and how the parts find each other; the Aspire form and the local form read only this.</summary>
internal sealed record MeshTopology
{
    public const string Redis = "redis";
    public const string Postgres = "postgres";
    public const string Database = "meshdb";
    public const string Silo = "silo";
    public const string Api = "api";
    public const string Fleet = "fleet";

    public RunMode Mode { get; init; }

    /// <summary>Fresh per run unless set: the membership entries of an earlier run, whose silos are gone, must not be met again.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Constant over runs: grain state and reminders are stored under it.</summary>
    public string ServiceId { get; init; } = "infermesh";

    public int Silos { get; init; } = 2;

    /// <summary>REST, Swagger and the inference ingress.</summary>
    public int ApiPort { get; init; } = 8080;

    /// <summary>gRPC over cleartext HTTP/2.</summary>
    public int GrpcPort { get; init; } = 50051;

    public StoreSource RedisSource { get; init; } = StoreSource.Auto;

    public StoreSource PostgresSource { get; init; } = StoreSource.Auto;

    /// <summary>Absolute; holds the SQLite file, the directories of local stores, logs and pid files.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Null: no synthetic fleet.</summary>
    public FleetPlan? FleetPlan { get; init; } = new(8, 2, 1);

    /// <summary>Null: no agents that start training jobs.</summary>
    public TrainerPlan? TrainerPlan { get; init; } = new(2, 2);

    /// <summary>Mirror all output of the processes on the console.</summary>
    public bool Verbose { get; init; }

    public static string ReadyPath => "/health/ready";

    public static string SwaggerPath => "/swagger";

    public string SqlitePath => Path.Combine(DataDirectory, "infermesh.db");

    public string TrainerDirectory => Path.Combine(DataDirectory, "trainers");

    public string LogDirectory => Path.Combine(DataDirectory, "logs");

    public string GrpcAddress => $"http://127.0.0.1:{GrpcPort}";
}
