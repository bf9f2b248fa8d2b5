using System.Runtime.CompilerServices;
using System.Text.Json;

namespace InferMesh.Cli.Operator;

/// <summary>Lists that come in pages.</summary>
internal static class ApiPages
{
    /// <summary>All items of all pages, one page in memory at a time.</summary>
    /// <param name="api">Where.</param>
    /// <param name="path">Path with a query.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <param name="onPage">Sees each page before its items; null for nobody.</param>
    /// <exception cref="CommandFailedException">The API refused, or did not answer.</exception>
    public static async IAsyncEnumerable<JsonElement> PagesAsync(this ApiClient api, string path, [EnumeratorCancellation] CancellationToken cancellationToken, Action<JsonElement>? onPage = null)
    {
        for (var cursor = ""; ;)
        {
            using var page = await api.GetAsync(path + cursor, cancellationToken);
            onPage?.Invoke(page.RootElement);
            foreach (var item in page.RootElement.Items("items"))
                yield return item;
            if (page.RootElement.Text("nextCursor") is not { Length: > 0 } next)
                yield break;
            cursor = $"&cursor={Uri.EscapeDataString(next)}";
        }
    }
}
