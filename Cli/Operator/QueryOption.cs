using System.CommandLine;

namespace InferMesh.Cli.Operator;

/// <summary>An option that becomes a parameter of a query.</summary>
/// <param name="Option">The option.</param>
/// <param name="Parameter">Name of the parameter.</param>
/// <param name="Values">Its values on a command line; none when it was not given.</param>
internal sealed record QueryOption(Option Option, string Parameter, Func<ParseResult, IEnumerable<string>> Values)
{
    public static QueryOption Text(string name, string description, string? parameter = null, params string[] completions)
    {
        var option = new Option<string?>(name) { Description = description };
        option.CompletionSources.Add(completions);
        return new(option, parameter ?? name[2..], parsed => parsed.GetValue(option) is { Length: > 0 } text ? [text] : []);
    }

    public static QueryOption Repeated(string name, string description, string? parameter = null, params string[] completions)
    {
        var option = new Option<string[]>(name) { Description = description, DefaultValueFactory = static _ => [] };
        option.CompletionSources.Add(completions);
        return new(option, parameter ?? name[2..], parsed => parsed.GetValue(option)!);
    }

    /// <summary>A question that is answered with true or false, or not asked.</summary>
    public static QueryOption Flag(string name, string description)
    {
        var option = new Option<bool?>(name) { Description = description };
        return new(option, name[2..], parsed => parsed.GetValue(option) is { } value ? [value ? "true" : "false"] : []);
    }

    /// <summary>All of them as a query, each with an ampersand before it.</summary>
    public static string Query(IEnumerable<QueryOption> options, ParseResult parsed) => string.Concat(options.SelectMany(option => option.Values(parsed).Select(value => Pair(option.Parameter, value))));

    private static string Pair(string name, string value) => $"&{name}={Uri.EscapeDataString(value)}";
}
