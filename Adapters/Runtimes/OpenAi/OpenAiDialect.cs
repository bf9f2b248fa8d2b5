using InferMesh.Adapters.Runtimes.Http;

namespace InferMesh.Adapters.Runtimes.OpenAi;

/// <summary>Any server with the OpenAI model list and nothing more: which models, but no load.</summary>
internal static class OpenAiDialect
{
    public static RuntimeDialect Create(RuntimeProbeOptions options) => new()
    {
        Kind = "openai",
        Documents = [OpenAiModelList.Document],
        Inventory = documents => new() { Models = OpenAiModelList.Read(documents) },
        Metrics = new RuntimeMetrics(),
    };
}
