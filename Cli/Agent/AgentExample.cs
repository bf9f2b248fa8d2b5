namespace InferMesh.Cli.Agent;

/// <summary>The sample file that the program carries.</summary>
internal static class AgentExample
{
    private const string ResourceName = "agent.example.yaml";

    public static string Text()
    {
        using var stream = typeof(AgentExample).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"The resource {ResourceName} is missing from the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
