using System.CommandLine;

namespace InferMesh.Cli.Operator.Output;

/// <summary>The option <c>--output</c>, the same for all commands that show objects.</summary>
internal sealed class OutputOption
{
    public static readonly IReadOnlyList<string> All = ["table", "wide", "json", "yaml", "name"];

    private readonly IReadOnlyList<string> _forms;

    /// <param name="forms">What it may be, the default first.</param>
    public OutputOption(IReadOnlyList<string> forms)
    {
        _forms = forms;
        Option = new("--output", "-o") { Description = $"{Words(forms)}; json is one object a line.", DefaultValueFactory = _ => forms[0], HelpName = "FORM" };
        Option.CompletionSources.Add([.. forms]);
    }

    public Option<string> Option { get; }

    /// <exception cref="UsageException">It is none of these.</exception>
    public string Read(ParseResult parsed) => parsed.GetValue(Option) is { } form && _forms.Contains(form) ? form : throw new UsageException($"--output must be {Words(_forms)}");

    private static string Words(IReadOnlyList<string> forms) => forms.Count > 1 ? $"{string.Join(", ", forms.SkipLast(1))} or {forms[^1]}" : string.Concat(forms);
}
