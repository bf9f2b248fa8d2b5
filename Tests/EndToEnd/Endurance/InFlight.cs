using System.Net.Http.Json;
using System.Text.Json;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>What the processes of a mesh say is in flight.</summary>
/// <param name="Ingress">Requests in progress, by the API's metrics.</param>
/// <param name="Reservations">Open reservations, by the silos' metrics.</param>
/// <param name="Runtimes">Sequences that run or wait in the synthetic fleet.</param>
internal sealed record InFlight(double Ingress, double Reservations, int Runtimes)
{
    public bool IsZero => this is { Ingress: 0, Reservations: 0, Runtimes: 0 };

    public static async Task<InFlight> ReadAsync(MeshProcess mesh)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var ingress = await MetricsPage.SumAsync(client, mesh.Api.BaseAddress!, "infermesh_ingress_active_requests")
            ?? throw new InvalidOperationException("The API does not tell its requests in progress.");
        var reservations = 0.0;
        foreach (var silo in mesh.SiloAddresses())
            reservations += await MetricsPage.SumAsync(client, silo, "infermesh_routing_reservations_open") ?? 0;
        var nodes = await client.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{mesh.AdminPort}/admin/nodes");
        return new(ingress, reservations, nodes.EnumerateArray().Sum(static n => n.GetProperty("running").GetInt32() + n.GetProperty("waiting").GetInt32()));
    }
}
