using System.CommandLine;

namespace InferMesh.Cli.Operator.Models;

/// <summary>Commands about models: what is served, what should be, and on which nodes.</summary>
internal static class ModelCommands
{
    public const string Models = "/api/v1/models";

    public static IEnumerable<Command> Create() =>
    [
        Reading.List("list-models", "List models with their replicas: what nodes serve, and what is registered.", Models, ModelViews.View),
        Reading.One("describe-model", "Show one model at length: replicas, registration, states, cold starts.", Name(), static name => PathOf(name), ModelViews.View),
        ModelLoading.Load(),
        ModelLoading.Unload(),
        ModelPinning.Pin(),
        ModelPinning.Unpin(),
        Reading.List("list-pins", "List models that are pinned to nodes, and the state of each there.", Models, ModelViews.Pin, ModelViews.PinsOf),
    ];

    public static Argument<string> Name() => new("model") { Description = "Name of the model." };

    public static string PathOf(string name) => Reading.PathOf(Models, name, "model");
}
