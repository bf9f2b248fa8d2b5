using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace InferMesh.Cli.Agent.Config;

/// <summary>Everything that is wrong with a configuration file, in the order of its lines.</summary>
internal sealed class ConfigErrors(string file)
{
    private readonly List<(Mark At, string Text)> _errors = [];

    public int Count => _errors.Count;

    /// <summary>One line per error: file, line, column, field, what is wrong and what is allowed.</summary>
    public IReadOnlyList<string> Lines => [.. _errors.OrderBy(error => error.At.Line).ThenBy(error => error.At.Column).Select(error => Line(error.At, error.Text))];

    public void Add(YamlNode at, string path, string message) => _errors.Add((at.Start, path.Length == 0 ? message : $"{path}: {message}"));

    public void Add(Mark at, string message) => _errors.Add((at, message));

    private string Line(Mark at, string text) => string.Create(CultureInfo.InvariantCulture, $"{file}:{at.Line}:{at.Column}: {text}");
}
