using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator;

/// <summary>Commands that list objects or show one.</summary>
internal static class Reading
{
    private const int PageSize = 1000;

    /// <summary>A list that comes in pages: the first entries, or all of them.</summary>
    /// <param name="name">Name of the command.</param>
    /// <param name="description">What it does.</param>
    /// <param name="path">Path of the list.</param>
    /// <param name="view">How entries are shown.</param>
    /// <param name="filters">Options that narrow it.</param>
    public static Command Pages(string name, string description, string path, View view, params IReadOnlyList<QueryOption> filters)
    {
        var limit = new Option<int>("--limit") { Description = "Most entries to show.", DefaultValueFactory = static _ => 100, HelpName = "NUMBER" };
        var all = new Option<bool>("--all") { Description = "Show all entries, however many there are." };
        var watch = new WatchOptions();
        return ApiCommand.Create(name, description, RunAsync, [.. filters.Select(static filter => filter.Option), limit, all, .. watch.All]);

        async Task<int> RunAsync(ApiCall call, CancellationToken cancellationToken)
        {
            var most = call.Parsed.GetValue(all) ? int.MaxValue : call.Parsed.GetValue(limit) is >= 1 and var given ? given : throw new UsageException("--limit must be 1 or more");
            var (query, told) = (QueryOption.Query(filters, call.Parsed), false);
            return await watch.ShowAsync(call, view, atLength: false, ReadAsync, cancellationToken);

            async IAsyncEnumerable<IReadOnlyList<JsonElement>?> ReadAsync(ApiCall api, [EnumeratorCancellation] CancellationToken cancel)
            {
                var (shown, cursor) = (0L, "");
                while (true)
                {
                    using var page = await api.Api.GetAsync(FormattableString.Invariant($"{path}?limit={Math.Min(PageSize, most - shown)}{query}{cursor}"), cancel);
                    JsonElement[] items = [.. page.RootElement.Items("items")];
                    yield return items;
                    shown += items.Length;
                    if (page.RootElement.Text("nextCursor") is not { Length: > 0 } next)
                        yield break;
                    if (shown >= most)
                    {
                        // Beside the output: a program that reads it gets entries alone.
                        if (!told)
                            await api.Error.WriteLineAsync(FormattableString.Invariant($"... {shown} of {page.RootElement.Number("total")}; --limit shows more, --all shows all"));
                        told = true;
                        yield return null;
                        yield break;
                    }

                    cursor = $"&cursor={Uri.EscapeDataString(next)}";
                }
            }
        }
    }

    /// <summary>A list that comes whole.</summary>
    /// <param name="name">Name of the command.</param>
    /// <param name="description">What it does.</param>
    /// <param name="path">Path of the list, with what is always asked.</param>
    /// <param name="view">How entries are shown.</param>
    /// <param name="filters">Options that narrow it.</param>
    public static Command List(string name, string description, string path, View view, params IReadOnlyList<QueryOption> filters) =>
        List(name, description, path, view, static listing => listing.Items("items"), filters);

    /// <summary>The same, with what of the answer is shown.</summary>
    public static Command List(string name, string description, string path, View view, Func<JsonElement, IEnumerable<JsonElement>> rows, params IReadOnlyList<QueryOption> filters)
    {
        var watch = new WatchOptions();
        return ApiCommand.Create(name, description, (call, cancellationToken) => watch.ShowAsync(call, view, atLength: false, ReadAsync, cancellationToken), [.. filters.Select(static filter => filter.Option), .. watch.All]);

        async IAsyncEnumerable<IReadOnlyList<JsonElement>?> ReadAsync(ApiCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var query = QueryOption.Query(filters, call.Parsed);
            using var listing = await call.Api.GetAsync(path + (query.Length > 0 && !path.Contains('?', StringComparison.Ordinal) ? $"?{query[1..]}" : query), cancellationToken);
            yield return [.. rows(listing.RootElement)];
        }
    }

    /// <summary>One object at length.</summary>
    /// <param name="name">Name of the command.</param>
    /// <param name="description">What it does.</param>
    /// <param name="id">Its argument.</param>
    /// <param name="pathOf">Path of the object.</param>
    /// <param name="view">How it is shown.</param>
    public static Command One(string name, string description, Argument<string> id, Func<string, string> pathOf, View view)
    {
        var watch = new WatchOptions();
        return ApiCommand.Create(
            name, description,
            (call, cancellationToken) => watch.ShowAsync(call, view, atLength: true, (api, cancel) => ObjectAsync(api, pathOf(api.Parsed.GetRequiredValue(id)), cancel), cancellationToken), [id, .. watch.All]);
    }

    /// <summary>Reads what answers with one object.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<JsonElement>?> ObjectAsync(ApiCall call, string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var one = await call.Api.GetAsync(path, cancellationToken);
        yield return [one.RootElement];
    }

    /// <summary>Path of an object.</summary>
    /// <param name="list">Path of the list.</param>
    /// <param name="name">Name.</param>
    /// <param name="what">What the name is of, for errors.</param>
    /// <exception cref="UsageException">The name is empty.</exception>
    public static string PathOf(string list, string name, string what) => name.Length > 0 ? $"{list}/{Uri.EscapeDataString(name)}" : throw new UsageException($"the name of the {what} must not be empty");
}
