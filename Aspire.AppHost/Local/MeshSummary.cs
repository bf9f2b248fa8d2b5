namespace InferMesh.AppHost.Local;

/// <summary>The one table that the AppHost prints when all is up.</summary>
internal static class MeshSummary
{
    public static string Render(MeshTopology mesh, IReadOnlyList<(int HttpPort, int Pid)> silos, IReadOnlyList<(string Name, string Value)> stores)
    {
        var api = $"http://127.0.0.1:{mesh.ApiPort}";
        return SummaryTable.Render("InferMesh is up", [
            ("API", $"{api}/api/v1"),
            ("Swagger", $"{api}{MeshTopology.SwaggerPath}"),
            ("Ingress", $"{api}/v1"),
            ("gRPC", $"{mesh.GrpcAddress} (h2c)"),
            .. silos.Select((s, i) => (MeshProcesses.SiloName(i), $"http://127.0.0.1:{s.HttpPort} (pid {s.Pid})")),
            .. stores,
            ("Fleet", mesh.FleetPlan?.ToString() ?? "none"),
            ("Jobs", mesh.TrainerPlan?.ToString() ?? "none"),
            ("Logs", mesh.LogDirectory),
            ("Stop", "Ctrl+C"),
        ]);
    }
}
