using System.CommandLine;

namespace InferMesh.Cli.Operator.Models;

/// <summary><c>infermesh pin-model</c> and <c>unpin-model</c>: on which nodes a registered model may be.</summary>
internal static class ModelPinning
{
    public static Command Pin()
    {
        var (model, nodes) = (ModelCommands.Name(), Nodes(ArgumentArity.OneOrMore, "Nodes that it is pinned to, beside those before."));
        return ApiCommand.Create("pin-model", "Pin a registered model to nodes: it is loaded there and nowhere else.", async (call, cancellationToken) =>
        {
            var registration = await ModelRegistration.RegisteredAsync(call, call.Parsed.GetRequiredValue(model), cancellationToken);
            registration.Nodes = [.. registration.Nodes.Union(call.Parsed.GetValue(nodes)!)];
            return await registration.SaveAsync(cancellationToken);
        }, model, nodes);
    }

    public static Command Unpin()
    {
        var (model, nodes) = (ModelCommands.Name(), Nodes(ArgumentArity.ZeroOrMore, "Nodes that it is pinned to no more; all by default."));
        return ApiCommand.Create("unpin-model", "End pins of a model; without pins it may be on any node that suits it.", async (call, cancellationToken) =>
        {
            var (name, given) = (call.Parsed.GetRequiredValue(model), call.Parsed.GetValue(nodes)!);
            var registration = await ModelRegistration.RegisteredAsync(call, name, cancellationToken);
            if (given.Except(registration.Nodes).FirstOrDefault() is { } stranger)
                throw new CommandFailedException(Terminal.Clean($"{name} is not pinned to {stranger}: infermesh list-pins shows what is"));
            registration.Nodes = given.Length == 0 ? [] : [.. registration.Nodes.Except(given)];
            return await registration.SaveAsync(cancellationToken);
        }, model, nodes);
    }

    private static Argument<string[]> Nodes(ArgumentArity arity, string description) => new("node") { Description = description, Arity = arity };
}
