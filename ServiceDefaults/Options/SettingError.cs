namespace InferMesh.ServiceDefaults.Options;

/// <summary>One wrong setting.</summary>
/// <param name="Key">The full configuration key, <c>InferMesh:Cluster:SiloPort</c>.</param>
/// <param name="Value">The value as given, or null when it is absent or secret.</param>
/// <param name="Allowed">What is allowed there.</param>
public sealed record SettingError(string Key, string? Value, string Allowed)
{
    /// <summary>The error as one line: key, value, what is allowed.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => Value is null ? $"{Key}: {Allowed}" : $"{Key} = \"{Value}\": {Allowed}";
}
