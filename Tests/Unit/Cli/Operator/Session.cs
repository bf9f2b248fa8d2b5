using System.Text;
using System.Text.RegularExpressions;
using InferMesh.Cli;
using InferMesh.Tests.Unit.Api;

namespace InferMesh.Tests.Unit.Cli.Operator;

/// <summary>A shell of a test with a home of its own: runs command lines and writes down what came of them, as somebody who sits before it sees it.</summary>
internal sealed partial class Session : IDisposable
{
    private readonly StringBuilder _record = new();
    private readonly string? _address;

    public Session(ApiHost? api = null)
    {
        Variables["HOME"] = Home;
        if (api is null) return;
        _address = api.Http.BaseAddress!.ToString().TrimEnd('/');
        Variables["INFERMESH_API"] = _address;
    }

    public string Home { get; } = Directory.CreateTempSubdirectory("infermesh-cli-").FullName;

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public string Input { get; set; } = "";

    public bool IsTerminal { get; set; }

    /// <summary>All that was run and what came of it; what changes from run to run has fixed words.</summary>
    public string Record => Scrubbed(_record.ToString());

    /// <summary>Runs one command line.</summary>
    public async Task<CommandRun> RunAsync(params string[] args)
    {
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var shell = new Shell { Output = output, Error = error, Variable = name => Variables.GetValueOrDefault(name), Input = new StringReader(Input), IsTerminal = IsTerminal };
        var code = await InferMeshCommand.RunAsync(InferMeshCommand.Create(), args, shell).WaitAsync(TimeSpan.FromSeconds(60));
        _record.Append("$ infermesh ").AppendJoin(' ', args.Select(static a => a.Contains(' ', StringComparison.Ordinal) || a.Length == 0 ? $"'{a}'" : a)).Append('\n').Append(output);
        foreach (var line in error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)) _record.Append("! ").Append(line).Append('\n');
        _record.Append("= ").Append(code).Append("\n\n");
        return new(code, output.ToString(), error.ToString());
    }

    /// <summary>A file in the home, with this text.</summary>
    public string File(string name, string text) => File(name, Encoding.UTF8.GetBytes(text));

    /// <summary>A file in the home, with these bytes.</summary>
    public string File(string name, byte[] content)
    {
        var path = Path.Combine(Home, name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);

    private string Scrubbed(string text)
    {
        text = text.Replace(Home, "/home/ann", StringComparison.Ordinal);
        if (_address is not null) text = text.Replace(_address, "http://api", StringComparison.Ordinal);
        text = Check().Replace(Took().Replace(Now().Replace(text, "<now>"), "$1<ms>"), "$1<ms>");
        text = Pid().Replace(text, "pid <pid> ");
        return Prefix().Replace(Key().Replace(text, "im_<key>"), "$1<prefix>");
    }

    // What fakes say is long ago.
    [GeneratedRegex(@"20[2-9]\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d[\d.:+Z]*")]
    private static partial Regex Now();

    [GeneratedRegex(@"(""durationMs"":|durationMs: )[\d.]+")]
    private static partial Regex Took();

    [GeneratedRegex(@"im_[0-9a-z]+_[0-9A-Za-z_-]+")]
    private static partial Regex Key();

    [GeneratedRegex(@"(Healthy .* )[\d.]+$", RegexOptions.Multiline)]
    private static partial Regex Check();

    [GeneratedRegex(@"pid \d+ *")]
    private static partial Regex Pid();

    [GeneratedRegex(@"(key[ /])[0-9a-z]{12}\b")]
    private static partial Regex Prefix();
}
