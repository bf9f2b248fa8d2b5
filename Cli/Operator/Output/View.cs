using System.Text.Json;

namespace InferMesh.Cli.Operator.Output;

/// <summary>A column of a table.</summary>
/// <param name="Header">Its header.</param>
/// <param name="Value">What stands in it.</param>
internal sealed record Column(string Header, Func<JsonElement, string> Value)
{
    /// <summary>Shown by <c>-o wide</c> only.</summary>
    public bool IsWide { get; init; }

    /// <summary>Its values are states, which have colours on a terminal.</summary>
    public bool IsState { get; init; }

    /// <summary>A member, or a member of a member.</summary>
    public static Column Of(string header, string path) => new(header, item => Units.OrUnknown(item.Path(path)));

    public static Column State(string header, string path) => Of(header, path) with { IsState = true };

    public static Column Time(string header, string path) => new(header, item => Units.OrUnknown(item.Time(path)));

    public static Column Number(string header, string path) => new(header, item => Units.Number(item.Amount(path)));

    public static Column List(string header, string path) => new(header, item => Units.OrUnknown(item.Words(path)));

    /// <summary>The same for <c>-o wide</c> only.</summary>
    public Column Wide() => this with { IsWide = true };
}

/// <summary>How objects of a kind are shown.</summary>
/// <param name="Kind">Word before the name in <c>-o name</c>; empty where names say their kind.</param>
/// <param name="Columns">Columns of the table.</param>
internal sealed record View(string Kind, IReadOnlyList<Column> Columns)
{
    /// <summary>Name of an object.</summary>
    public Func<JsonElement, string> Name { get; init; } = static item => item.Text("name");

    /// <summary>Kind and name, as in <c>node/gpu-17</c>; the name alone where objects are of many kinds.</summary>
    public string FullName(JsonElement item) => Kind.Length > 0 ? $"{Kind}/{Name(item)}" : Name(item);

    /// <summary>One object at length; null shows a table with one row.</summary>
    public Func<JsonElement, string>? Detail { get; init; }

    /// <summary>An object that says what it is in a text of its own, and has no table.</summary>
    public static View OfText(string kind, string id, Func<JsonElement, string> text) => new(kind, []) { Name = item => item.Text(id), Detail = text };
}
