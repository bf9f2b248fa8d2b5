using System.Globalization;
using System.Text.Json;

namespace InferMesh.Adapters.Runtimes.Http;

/// <summary>Joins the versions of a model, which servers of the TensorFlow Serving and KServe line list one by one, into one entry.</summary>
internal static class ModelVersions
{
    /// <param name="id">Name of the model.</param>
    /// <param name="versions">Its versions.</param>
    /// <param name="ready">State of a version that serves.</param>
    /// <param name="loading">States of a version that will.</param>
    public static ModelEntry Join(string id, IEnumerable<JsonElement> versions, string ready, params string[] loading)
    {
        var all = versions.Select(version => (Version: VersionOf(version), State: version.Text("state") ?? "")).ToArray();
        var serving = all.Where(version => version.State == ready).ToArray();
        return new(id)
        {
            Loaded = serving.Length > 0,
            Loading = serving.Length == 0 && all.Any(version => loading.Contains(version.State)),
            // Requests that name no version get the highest.
            Revision = serving.Select(version => version.Version).OfType<string>().OrderBy(version => version.Length).ThenBy(version => version, StringComparer.Ordinal).LastOrDefault(),
        };
    }

    /// <summary>The list of the TensorFlow Serving status answer: <c>{"model_version_status": [...]}</c>.</summary>
    public static ModelEntry JoinStatus(string id, JsonElement status) =>
        Join(id, status.Get("model_version_status").Items(), "AVAILABLE", "START", "LOADING");

    private static string? VersionOf(JsonElement version) =>
        version.Text("version") ?? version.Count("version")?.ToString(CultureInfo.InvariantCulture);
}
