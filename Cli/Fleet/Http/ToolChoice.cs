using System.Text.Json;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>Which function a synthetic answer calls: the one that is demanded, else the first that is offered, until the conversation has a result of one.</summary>
internal static class ToolChoice
{
    /// <summary>Arguments of every call: a synthetic node understands no schema, and says what it is.</summary>
    public const string Arguments = "{\"synthetic\":true}";

    /// <summary>Reads <c>tools</c> and <c>tool_choice</c>; false when they have the wrong shape.</summary>
    public static bool TryRead(JsonElement root, bool chat, out string? tool)
    {
        tool = null;
        if (!chat || !root.TryGetProperty("tools", out var tools) || tools.ValueKind == JsonValueKind.Null)
            return true;
        if (tools.ValueKind != JsonValueKind.Array)
            return false;
        var names = new List<string>();
        foreach (var offered in tools.EnumerateArray())
        {
            if (NameOf(offered) is not { } name)
                return false;
            names.Add(name);
        }

        if (names.Count == 0)
            return true;
        tool = names[0];
        if (root.TryGetProperty("tool_choice", out var choice) && choice.ValueKind != JsonValueKind.Null)
        {
            if (NameOf(choice) is { } demanded)
                return names.Contains(tool = demanded);
            if (choice.ValueKind != JsonValueKind.String || choice.GetString() is not ("none" or "auto" or "required"))
                return false;
            if (choice.ValueEquals("none"))
                tool = null;
            if (choice.ValueEquals("required"))
                return true;
        }

        // Who has a result wants words.
        var messages = root.GetProperty("messages");
        if (messages[messages.GetArrayLength() - 1].GetProperty("role").ValueEquals("tool"))
            tool = null;
        return true;
    }

    private static string? NameOf(JsonElement tool) =>
        tool.ValueKind == JsonValueKind.Object && tool.TryGetProperty("function", out var function) && function.ValueKind == JsonValueKind.Object
        && function.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String && name.GetString() is { Length: > 0 } text ? text : null;
}
