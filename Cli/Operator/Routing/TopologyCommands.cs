using System.CommandLine;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Routing;

/// <summary><c>infermesh topology</c> and <c>path</c>: where requests enter the mesh, and what ways cost.</summary>
internal static class TopologyCommands
{
    private static readonly string[] ApiColumns = ["API", "REGION", "ZONE", "RACK", "NODE"];
    private static readonly string[] LinkColumns = ["LINK CLASS", "RTT MS", "GB/S", "DOLLARS/GB"];

    private static readonly View Topology = View.OfText("topology", "", static topology => new FieldText()
        .Table(ApiColumns, topology.Items("apis").Select(static api => (string[])[api.Text("name"), Units.OrUnknown(api.Text("region")), Units.OrUnknown(api.Text("zone")), Units.OrUnknown(api.Text("rack")), Units.OrUnknown(api.Text("node"))]))
        .Table(LinkColumns, topology.Items("links").Select(static link => (string[])[link.Text("class"), link.Decimal("rttMs"), Units.Number(link.Amount("bytesPerSecond") / 1e9), link.Decimal("dollarsPerGigabyte")]))
        .ToString().TrimStart()) with
    { Name = static _ => "mesh" };

    private static readonly View WayView = View.OfText("path", "linkClass", static path => new FieldText()
        .Add("link class", path.Text("linkClass"))
        .Add("round trip", $"{path.Decimal("rttMs")} ms ({path.Text("rttSource")})")
        .Add("bandwidth", $"{Units.Number(path.Amount("bytesPerSecond") / 1e9)} GB/s")
        .Add("transfer", path.Decimal("transferSeconds") is { Length: > 0 } seconds ? $"{seconds} s" : "")
        .Add("money", path.Decimal("dollars") is { Length: > 0 } dollars ? $"{dollars} dollars" : "")
        .ToString());

    public static IEnumerable<Command> Create() => [Show(), Way()];

    private static Command Show() => ApiCommand.Create("topology", "Show where requests enter the mesh, and what links cost.", static async (call, cancellationToken) =>
    {
        using var topology = await call.Api.GetAsync("/api/v1/topology", cancellationToken);
        await call.WriteAsync(topology.RootElement, Topology);
        return 0;
    });

    private static Command Way()
    {
        var to = new Argument<string>("node") { Description = "Node to which it goes." };
        QueryOption[] from = [QueryOption.Text("--from", "Node from which it goes; the API by default."), QueryOption.Text("--from-api", "API from which it goes.", "fromApi"), QueryOption.Text("--bytes", "Bytes that are sent.")];
        return ApiCommand.Create("path", "Show the way from an API or a node to a node: round trip, bandwidth, cost.", async (call, cancellationToken) =>
        {
            using var path = await call.Api.GetAsync($"/api/v1/topology/path?to={Uri.EscapeDataString(call.Parsed.GetRequiredValue(to))}{QueryOption.Query(from, call.Parsed)}", cancellationToken);
            await call.WriteAsync(path.RootElement, WayView);
            return 0;
        }, [to, .. from.Select(static option => option.Option)]);
    }
}
