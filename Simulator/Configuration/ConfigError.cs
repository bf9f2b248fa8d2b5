namespace InferMesh.Simulator.Configuration;

/// <summary>One thing that is wrong in a configuration.</summary>
/// <param name="Path">Path of the key, such as <c>workload.arrival.rates_rps[1]</c>; "" for the whole file.</param>
/// <param name="Line">Line in the file, from 1; 0 when there is no file.</param>
/// <param name="Column">Column in the file, from 1; 0 when there is no file.</param>
/// <param name="Message">What is wrong and what is allowed.</param>
public sealed record ConfigError(string Path, int Line, int Column, string Message)
{
    /// <summary>One line: <c>line:column path: message</c>.</summary>
    public override string ToString() => $"{(Line > 0 ? $"{Line}:{Column} " : "")}{(Path.Length > 0 ? $"{Path}: " : "")}{Message}";
}

/// <summary>A configuration, or all that is wrong with it.</summary>
/// <param name="Config">The configuration; null when there are errors.</param>
/// <param name="Errors">All errors, by position; empty when there is a configuration.</param>
public sealed record ConfigResult(SimConfig? Config, IReadOnlyList<ConfigError> Errors);
