using System.Globalization;

namespace InferMesh.Simulator.Configuration.Validation;

/// <summary>Collects what is wrong.</summary>
internal sealed class Findings
{
    public List<ConfigError> Errors { get; } = [];

    public void Add(string path, string message) => Errors.Add(new(path, 0, 0, message));

    public void Require(bool holds, string path, FormattableString message)
    {
        if (!holds) Add(path, message.ToString(CultureInfo.InvariantCulture));
    }
}
