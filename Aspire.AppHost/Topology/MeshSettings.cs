namespace InferMesh.AppHost.Topology;

/// <summary>One key of the Mesh section.</summary>
internal sealed record MeshSetting(string Key, string Default, string Meaning);

/// <summary>The keys of the Mesh section: what is not listed here is rejected.</summary>
internal static class MeshSettings
{
    public const string Section = "Mesh";

    public static IReadOnlyList<MeshSetting> All { get; } =
    [
        new("Mode", "auto", "auto | aspire | local: who runs the processes"),
        new("Silos", "2", "number of silos, 1 to 16"),
        new("ApiPort", "8080", "port of REST, Swagger and the inference ingress"),
        new("GrpcPort", "50051", "port of gRPC (h2c)"),
        new("Redis", "auto", "auto | container | executable | embedded | host:port[,options]"),
        new("Postgres", "auto", "auto | container | executable | none | Host=...;Database=...: none is SQLite, and so is auto without a container engine"),
        new("DataDirectory", ".infermesh", "SQLite file, local stores, logs; relative to the current directory"),
        new("Fleet", "true", "run the synthetic fleet"),
        new("FleetNodes", "8", "synthetic nodes, 1 to 2048"),
        new("FleetCells", "2", "cells of the synthetic fleet, 1 to FleetNodes"),
        new("FleetSeed", "1", "seed of the synthetic fleet"),
        new("FleetPort", "18000", "port of the first synthetic node, the others follow; 0 takes any free ports"),
        new("FleetAdminPort", "17999", "port of the fleet's admin interface; 0 takes any free port"),
        new("Trainers", "2", "agents that start real processes for training jobs, 0 to 64; each reports as a node with synthetic GPUs"),
        new("TrainerGpus", "2", "synthetic GPUs of each of them, 1 to 16"),
        new("ClusterId", "new per run", "Orleans cluster id"),
        new("ServiceId", "infermesh", "Orleans service id: stored state belongs to it"),
        new("Verbose", "false", "mirror all output of the processes on the console"),
    ];

    /// <summary>The text of --help.</summary>
    public static string Help()
    {
        var width = All.Max(s => s.Key.Length);
        var lines = All.Select(s => $"  --{Section}:{s.Key.PadRight(width)}  {s.Meaning} (default {s.Default})");
        return $"""
            Runs the whole mesh on this machine: Redis, silos, API and a synthetic fleet.

            Settings, as an argument (--{Section}:Silos=3) or in the environment ({Section}__Silos=3):
            {string.Join(Environment.NewLine, lines)}
              --ConnectionStrings:redis, --ConnectionStrings:meshdb  the same as Mesh:Redis, Mesh:Postgres
            """;
    }
}
