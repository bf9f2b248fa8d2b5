using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Objects;

/// <summary><c>infermesh quota</c>: what tenants may use, and what they do.</summary>
internal static class QuotaCommand
{
    private static readonly View Use = new("quota",
    [
        Column.Of("SCOPE", "scope"), new("IN FLIGHT", static scope => Of(scope, "inFlight", "concurrentRequests")), new("TOKENS/MIN", static scope => Of(scope, "tokensThisMinute", "tokensPerMinute")),
        new("TOKENS/DAY", static scope => Of(scope, "tokensToday", "tokensPerDay")), new("MONEY/DAY", static scope => Of(scope, "moneyToday", "moneyPerDay")), Column.Number("REQUESTS/S", "limits.requestsPerSecond"),
        Column.Number("BURST", "limits.burst").Wide(), Column.Number("LEASED REQUESTS", "leased.requests").Wide(), Column.Number("LEASED TOKENS/MIN", "leased.tokensPerMinute").Wide(),
    ])
    { Name = static scope => scope.Text("scope") };

    public static Command Create() => new("quota", "Read and change what tenants may use.") { Get(), Set() };

    private static Command Get()
    {
        var (tenant, watch) = (ObjectKind.Tenant.Argument(), new WatchOptions());
        return ApiCommand.Create("get", "Show what one tenant uses of its limits, and its projects and keys of theirs.", (call, cancellationToken) => watch.ShowAsync(call, Use, atLength: false, ReadAsync, cancellationToken), [tenant, .. watch.All]);

        async IAsyncEnumerable<IReadOnlyList<JsonElement>?> ReadAsync(ApiCall call, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            using var usage = await call.Api.GetAsync($"{ObjectKind.Tenant.PathOf(call.Parsed.GetRequiredValue(tenant))}/usage", cancellationToken);
            yield return [.. Scopes(usage.RootElement)];
        }
    }

    private static Command Set()
    {
        var tenant = ObjectKind.Tenant.Argument();
        var project = new Option<string?>("--project") { Description = "Project of the tenant whose limits they are; the whole tenant by default." };
        (string Field, Option<double?> Option)[] limits =
        [
            ("requestsPerSecond", Limit("--requests-per-second", "Requests a second.")), ("burst", Limit("--burst", "Requests at once beyond that.")),
            ("concurrentRequests", Limit("--concurrent-requests", "Requests in flight.")), ("tokensPerMinute", Limit("--tokens-per-minute", "Tokens a minute.")),
            ("tokensPerDay", Limit("--tokens-per-day", "Tokens a day.")), ("moneyPerDay", Limit("--money-per-day", "Money a day, in the currency of the prices.")),
            ("trainingGpus", Limit("--training-gpus", "GPUs that training jobs have at once.")),
        ];
        return ApiCommand.Create("set", "Change limits of one tenant; a negative number takes a limit away.", RunAsync, [tenant, project, .. limits.Select(static limit => limit.Option)]);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var (name, given) = (call.Parsed.GetRequiredValue(tenant), limits.Select(limit => (limit.Field, Value: call.Parsed.GetValue(limit.Option))).Where(static limit => limit.Value is not null).ToArray());
            if (given.Length == 0)
                throw new UsageException("give the limits that are to be changed, such as --tokens-per-day 1000000");
            using var there = await call.Api.FindAsync(ObjectKind.Tenant.PathOf(name), cancellationToken);
            var spec = there?.RootElement.Object("spec") is { } found ? JsonObject.Create(found.Clone())! : [];
            var of = call.Parsed.GetValue(project) is { Length: > 0 } one ? Member(Member(spec, "projects"), one) : Member(spec, "limits");
            foreach (var (field, value) in given)
                of[field] = value < 0 ? null : value == Math.Floor(value!.Value) ? JsonValue.Create((long)value) : JsonValue.Create(value);
            using var written = await call.Api.ChangeAsync(HttpMethod.Put, ObjectKind.Tenant.PathOf(name), spec.ToJsonString(), there?.RootElement.Number("version") ?? 0, cancellationToken);
            await call.WriteAsync(written.RootElement, ObjectViews.Line("tenant"));
            return 0;
        }
    }

    private static IEnumerable<JsonElement> Scopes(JsonElement usage)
    {
        yield return Named(usage.GetProperty("total"), usage.Text("name"));
        foreach (var project in usage.Members("projects"))
            yield return Named(project.Value, $"{usage.Text("name")}/{project.Name}");
        foreach (var key in usage.Members("keys"))
            yield return Named(key.Value, $"{usage.Text("name")} key {key.Name}");
    }

    private static JsonElement Named(JsonElement usage, string scope)
    {
        var named = new JsonObject { ["scope"] = scope };
        foreach (var member in usage.EnumerateObject())
            named[member.Name] = JsonNode.Parse(member.Value.GetRawText());
        return JsonSerializer.SerializeToElement(named);
    }

    private static string Of(JsonElement scope, string used, string limit) => Units.Number(scope.Amount(used)) + (scope.Amount($"limits.{limit}") is { } most ? $" of {Units.Number(most)}" : "");

    private static JsonObject Member(JsonObject of, string name)
    {
        if (of[name] is not JsonObject member)
            of[name] = member = [];
        return member;
    }

    private static Option<double?> Limit(string name, string description) => new(name) { Description = description, HelpName = "NUMBER" };
}
