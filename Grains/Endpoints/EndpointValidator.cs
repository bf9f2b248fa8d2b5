using System.Buffers;
using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Endpoints;
using InferMesh.Grains.Abstractions.Plugins;
using InferMesh.Grains.Common;
using InferMesh.Grains.Policies;
using static InferMesh.Grains.Common.FieldRules;

namespace InferMesh.Grains.Endpoints;

/// <summary>Checks the content of an endpoint: all errors at once, each with the path of its field.</summary>
internal static class EndpointValidator
{
    private const int MaxModels = 32;
    private const int MaxAliases = 100;
    private const int KeyDigits = 64;
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <param name="name">Name of the endpoint.</param>
    /// <param name="spec">Content, its keys completed.</param>
    /// <param name="plugin">The plugin that it names as its strategy; null when it names none, or there is none.</param>
    public static IReadOnlyList<FieldError> Check(string name, EndpointSpec spec, MeshPlugin? plugin = null)
    {
        var errors = new List<FieldError>();
        if (NameRules.Check("name", name) is { } badName) errors.Add(badName);
        if (spec.Description.Length > 1000) errors.Add(new("description", "must have at most 1000 characters."));
        if (spec.SloClass.Length > MaxText) errors.Add(new("sloClass", $"must have at most {MaxText} characters."));
        Models(errors, spec.Models);
        Aliases(errors, name, spec.Aliases);
        if (spec.Placement is { } placement) PolicyValidator.Placement(errors, placement);
        if (spec.Routing is { } routing) PolicyValidator.Routing(errors, routing, plugin);
        if (spec.Hedging is { } hedging) PolicyValidator.Hedging(errors, hedging);
        if (spec.Auth is { } auth) Auth(errors, auth);
        return errors;
    }

    private static void Models(List<FieldError> errors, IReadOnlyList<EndpointModel> models)
    {
        if (models.Count is 0 or > MaxModels) errors.Add(new("models", $"must name 1 to {MaxModels} models."));
        foreach (var (i, model) in models.Index())
        {
            if (model.Model.Length is 0 or > MaxText || model.Model.Any(char.IsControl)) errors.Add(new($"models[{i}].model", $"must have 1 to {MaxText} characters, none of them a control character."));
            Range(errors, $"models[{i}].weight", model.Weight, 1, 1000);
        }
        Repeated(errors, [.. models.Select(m => m.Model)], i => $"models[{i}].model");
    }

    private static void Aliases(List<FieldError> errors, string name, IReadOnlyList<string> aliases)
    {
        if (aliases.Count > MaxAliases) errors.Add(new("aliases", $"{aliases.Count} entries are too many: at most {MaxAliases}."));
        Texts(errors, "aliases", aliases);
        foreach (var (i, alias) in aliases.Index())
        {
            if (alias == name) errors.Add(new($"aliases[{i}]", "is the name of the endpoint itself: leave it out."));
            if (alias.Any(char.IsControl)) errors.Add(new($"aliases[{i}]", "must not contain control characters."));
        }
        Repeated(errors, aliases, i => $"aliases[{i}]");
    }

    private static void Auth(List<FieldError> errors, EndpointAuth auth)
    {
        TooMany(errors, "auth.keys", auth.Keys);
        foreach (var (i, key) in auth.Keys.Index())
        {
            if (key.Length == KeyDigits && !key.AsSpan().ContainsAnyExcept(HexDigits)) continue;
            errors.Add(new(
                $"auth.keys[{i}]",
                $"must be the SHA-256 of the key in {KeyDigits} lower-case hex digits, or the first {EndpointAuth.ShownDigits} digits of one that the endpoint has now."));
        }
        // By what is shown of them: two keys that look alike could not be told apart in a change.
        Repeated(errors, auth.Shown().Keys, i => $"auth.keys[{i}]");
        Texts(errors, "auth.allowedTenants", auth.AllowedTenants);
        if (auth.Keys.Count == 0 && auth.AllowedTenants.Count == 0 && !auth.RequireTenant) errors.Add(new("auth", "must give keys or allowedTenants, or set requireTenant."));
    }

    private static void Repeated(List<FieldError> errors, IReadOnlyList<string> values, Func<int, string> field)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        errors.AddRange(values.Index().Where(v => !seen.Add(v.Item)).Select(v => new FieldError(field(v.Index), "is given twice.")));
    }
}
