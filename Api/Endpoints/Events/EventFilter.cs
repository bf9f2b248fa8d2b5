using System.Globalization;
using System.Reflection;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Api.Endpoints.Events;

/// <summary>Which events a reader wants; what is empty asks for nothing.</summary>
internal sealed record EventFilter
{
    /// <summary>All types that there are, in order.</summary>
    public static readonly IReadOnlyList<string> KnownTypes =
        [.. typeof(EventTypes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(static f => f.IsLiteral).Select(static f => (string)f.GetRawConstantValue()!).Order(StringComparer.Ordinal)];

    /// <summary>As parameters of a query.</summary>
    public static readonly QueryParameter[] Parameters =
    [
        new("types", $"Types of events, separated by commas or given several times: {string.Join(", ", KnownTypes)}.") { Repeats = true },
        new("subject", "What they are about: a node, model, job, policy, endpoint or tenant."),
        new("actor", "Who caused them."),
        new("tenant", "Tenant whose events they are."),
        new("since", "Only those that happened at this time or later, as in 2026-05-01T12:00:00Z."),
    ];

    public IReadOnlyCollection<string> Types { get; init; } = [];

    public string Subject { get; init; } = "";

    public string Actor { get; init; } = "";

    public string Tenant { get; init; } = "";

    public DateTimeOffset? Since { get; init; }

    /// <summary>Reads it from a query; what is wrong is refused there.</summary>
    public static EventFilter Of(QueryReader query)
    {
        string[] types = [.. query.Texts("types").SelectMany(static t => t.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
        if (types.FirstOrDefault(static t => !KnownTypes.Contains(t)) is { } unknown)
            query.Refuse("types", $"\"{unknown}\" is not a type of event. Known: {string.Join(", ", KnownTypes)}.");
        DateTimeOffset? since = null;
        if (query.Text("since") is { } text)
        {
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) since = time;
            else query.Refuse("since", "must be a time, as in 2026-05-01T12:00:00Z.");
        }
        return new() { Types = types, Subject = query.Text("subject") ?? "", Actor = query.Text("actor") ?? "", Tenant = query.Text("tenant") ?? "", Since = since };
    }

    public bool Matches(MeshEvent happened) =>
        (Types.Count == 0 || Types.Contains(happened.Type))
        && (Subject.Length == 0 || happened.Subject == Subject)
        && (Actor.Length == 0 || happened.Actor == Actor)
        && (Tenant.Length == 0 || happened.Tenant == Tenant)
        && (Since is not { } since || happened.At >= since);
}
