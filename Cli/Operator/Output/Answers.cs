using System.Text.Json;
using Spectre.Console;

namespace InferMesh.Cli.Operator.Output;

/// <summary>
/// Writes answers in the form that <c>--output</c> names: a table, one with more columns, JSON with one object a line, YAML with a document for each object, or names. The only place where
/// commands show objects.
/// </summary>
internal sealed class Answers(Shell shell, string form)
{
    private readonly Dictionary<View, TableText> _tables = [];

    /// <summary>Whether people read it.</summary>
    public bool IsText => form is not ("json" or "yaml" or "name");

    /// <summary>Whether it is JSON.</summary>
    public bool IsJson => form == "json";

    /// <summary>Writes one object at length.</summary>
    public async Task OneAsync(JsonElement item, View view)
    {
        if (IsText && view.Detail is { } detail)
            await shell.Output.WriteLineAsync(detail(item));
        else
            await RowsAsync([item], view);
    }

    /// <summary>Writes objects of a list; further ones continue the same table.</summary>
    public async Task RowsAsync(IReadOnlyList<JsonElement> items, View view)
    {
        switch (form)
        {
            case "json":
                foreach (var item in items)
                    await shell.Output.WriteLineAsync(Terminal.Json(item));
                break;
            case "yaml":
                foreach (var item in items)
                    await shell.Output.WriteAsync($"---\n{YamlText.Of(item)}");
                break;
            case "name":
                foreach (var item in items)
                    await shell.Output.WriteLineAsync(Terminal.Clean(view.FullName(item)));
                break;
            default:
                var table = TableOf(view);
                await LinesAsync(table.Lines([.. items.Select(table.Row)]));
                break;
        }

        await shell.Output.FlushAsync();
    }

    /// <summary>What is shown of an object: when it is the same, nothing has changed for who looks.</summary>
    public string Shown(JsonElement item, View view, bool atLength) => !IsText ? form == "name" ? view.Name(item) : Terminal.Json(item)
        : atLength && view.Detail is { } detail ? detail(item)
        : string.Join('\t', TableOf(view).Row(item));

    /// <summary>Writes lines for people; nothing in other forms.</summary>
    public Task TextAsync(string text) => IsText ? shell.Output.WriteLineAsync(text) : Task.CompletedTask;

    private TableText TableOf(View view) => _tables.TryGetValue(view, out var table) ? table : _tables[view] = new(view, form == "wide", shell.HasColours);

    private async Task LinesAsync(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            if (shell.HasColours)
                shell.Lines.MarkupLine(line);
            else
                await shell.Output.WriteLineAsync(line);
        }
    }
}
