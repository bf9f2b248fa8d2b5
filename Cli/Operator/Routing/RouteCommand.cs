using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Routing;

/// <summary><c>infermesh route</c>: where a request would go, and why, in seconds; nothing is sent or reserved. Exit codes: 0 there is a target, 1 there is none.</summary>
internal static class RouteCommand
{
    private const string Path = "/api/v1/route:dryRun";
    private static readonly (string Header, string Term)[] Terms =
    [
        ("QUEUE", "queue"), ("PREFILL", "prefill"), ("DECODE", "decode"), ("NETWORK", "network"), ("COLD START", "coldStart"), ("MONEY", "money"), ("UNCERTAINTY", "uncertainty"), ("BALANCE", "balance"), ("TOTAL", "total"),
    ];

    private static readonly string[] TargetColumns = ["#", "NODE", "CELL", "GPU", "RUNTIME", "LOAD", "AGE", .. Terms.Select(static term => term.Header)];
    private static readonly string[] ExcludedColumns = ["NODE", "ENDPOINT", "RULED OUT BY"];
    private static readonly View Decision = View.OfText("decision", "decisionId", Text);

    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "Name of the model." };
        var labels = new Option<string[]>("--label") { Description = "Label that a node must carry, KEY=VALUE; may be repeated.", DefaultValueFactory = static _ => [] };
        (string Field, Option Option, Func<ParseResult, JsonNode?> Read)[] fields =
        [
            Text("tenant", "--tenant", "Tenant that asks."), Text("sloClass", "--slo-class", "SLO class of the request."), Number("promptTokens", "--prompt-tokens", "Tokens of the prompt."),
            Number("outputTokens", "--output-tokens", "Tokens that are expected to be made; unknown by default."), Number("payloadBytes", "--payload-bytes", "Bytes to send."), Text("originZone", "--zone-of-origin", "Zone where the request enters; the API's by default."),
            Text("originRegion", "--region-of-origin", "Region where the request enters; the API's by default."), Number("maxTargets", "--targets", "Targets wanted, 1 to 16; 3 by default."), List("excludedNodes", "--exclude-node", "Node that must not be picked; may be repeated."),
            List("cells", "--cell", "Cell that may serve; may be repeated."), List("zones", "--zone", "Zone that may serve; may be repeated."), Text("strategy", "--strategy", "Strategy to try instead of the policy's."), Text("requestId", "--request-id", "Id of the request; equal ids break ties equally."),
        ];
        return ApiCommand.Create("route", "Show where a request would go and why, term by term in seconds; nothing is sent. Exit code 0 when there is a target, 1 when not.", RunAsync, [model, labels, .. fields.Select(static f => f.Option)]);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var request = new JsonObject { ["model"] = call.Parsed.GetRequiredValue(model) };
            foreach (var (field, _, read) in fields)
            {
                if (read(call.Parsed) is { } value)
                    request[field] = value;
            }

            if (call.Parsed.GetValue(labels) is { Length: > 0 } given)
                request["labels"] = new JsonObject(given.Select(Label));
            using var decision = await call.Api.PostAsync(Path, request.ToJsonString(), null, cancellationToken);
            await call.WriteAsync(decision.RootElement, Decision);
            return decision.RootElement.Text("status") == "routed" ? 0 : InferMeshCommand.ExitFailed;
        }
    }

    private static string Text(JsonElement decision) => new FieldText()
        .Add("status", decision.Text("status"))
        .Add("strategy", decision.Text("strategy"))
        .Add("policies", decision.Words("policies", ", "))
        .Add("experiment", decision.Text("experiment") is { Length: > 0 } experiment ? $"{experiment}, arm {decision.Text("arm")}" : "")
        .Add("targets", $"{decision.Text("considered")} considered, {decision.Text("eligible")} eligible")
        .Add("hedge", decision.Object("hedge") is { } hedge ? $"{hedge.Text("nodeId")} after {hedge.Decimal("delayMs")} ms" : decision.Text("hedgeSuppressed") is { Length: > 0 } why ? $"none: {why}" : "")
        .Add("come back", decision.Decimal("retryAfterMs") is { Length: > 0 } wait ? $"after {wait} ms" : "")
        .Add("table", $"version {decision.Text("tableVersion")}{(decision.Text("silo") is { Length: > 0 } silo ? $" of {silo}" : "")}")
        .Table(TargetColumns, decision.Items("targets").Select(Target))
        .Block(decision.Items("targets").Any() ? "Costs are seconds; the least TOTAL wins." : "")
        .Table(ExcludedColumns, decision.Items("excluded").Select(static node => (string[])[node.Text("nodeId"), node.Text("endpoint"), node.Text("reason")]))
        .ToString();

    private static string[] Target(JsonElement target, int index) =>
    [
        (index + 1).ToString(CultureInfo.InvariantCulture), target.Text("nodeId"), target.Text("cellId"), Units.OrUnknown(target.Text("gpu")), target.Text("runtime"), Units.Number(target.Amount("load")),
        target.Amount("signalAgeSeconds") is { } age ? $"{Units.Number(age)} s" : "-", .. Terms.Select(term => Units.Seconds(target.Amount($"cost.{term.Term}"))),
    ];

    private static (string, Option, Func<ParseResult, JsonNode?>) Text(string field, string name, string description)
    {
        var option = new Option<string?>(name) { Description = description };
        return (field, option, parsed => parsed.GetValue(option) is { } text ? JsonValue.Create(text) : null);
    }

    private static (string, Option, Func<ParseResult, JsonNode?>) Number(string field, string name, string description)
    {
        var option = new Option<long?>(name) { Description = description };
        return (field, option, parsed => parsed.GetValue(option) is { } number ? JsonValue.Create(number) : null);
    }

    private static (string, Option, Func<ParseResult, JsonNode?>) List(string field, string name, string description)
    {
        var option = new Option<string[]>(name) { Description = description, DefaultValueFactory = static _ => [] };
        return (field, option, parsed => parsed.GetValue(option) is { Length: > 0 } items ? new JsonArray([.. items.Select(static item => (JsonNode)item)]) : null);
    }

    private static KeyValuePair<string, JsonNode?> Label(string text) => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
        ? new(text[..at], text[(at + 1)..])
        : throw new UsageException($"--label must be KEY=VALUE, not '{text}'");
}
