using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace InferMesh.Tests.Unit.AppHost.Monitoring;

/// <summary>Dashboards in the form that Grafana imports (https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/).</summary>
internal static class GrafanaJson
{
    private const int SchemaVersion = 39;
    private const int Width = 24;
    private const int PanelHeight = 8;
    private const int NumberHeight = 4;
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonObject Source => new() { ["type"] = "prometheus", ["uid"] = "${datasource}" };

    public static string Write(Dashboard dashboard) => new JsonObject
    {
        ["uid"] = dashboard.Uid,
        ["title"] = dashboard.Title,
        ["description"] = dashboard.Description,
        ["tags"] = new JsonArray("infermesh"),
        ["schemaVersion"] = SchemaVersion,
        ["version"] = 1,
        ["editable"] = true,
        ["graphTooltip"] = 1,
        ["refresh"] = "10s",
        ["time"] = new JsonObject { ["from"] = "now-1h", ["to"] = "now" },
        ["timezone"] = "browser",
        ["links"] = new JsonArray(new JsonObject { ["title"] = "InferMesh", ["type"] = "dashboards", ["tags"] = new JsonArray("infermesh"), ["asDropdown"] = true, ["keepTime"] = true }),
        ["annotations"] = new JsonObject { ["list"] = new JsonArray() },
        ["templating"] = new JsonObject { ["list"] = new JsonArray([DataSource(), .. dashboard.Variables.Select(Variable)]) },
        ["panels"] = new JsonArray([.. Panels(dashboard)]),
    }.ToJsonString(Format) + "\n";

    private static JsonObject DataSource() => new() { ["name"] = "datasource", ["label"] = "Data source", ["type"] = "datasource", ["query"] = "prometheus", ["current"] = new JsonObject() };

    private static JsonObject Variable(DashboardVariable variable) => new()
    {
        ["name"] = variable.Name,
        ["label"] = variable.Label,
        ["type"] = "query",
        ["datasource"] = Source,
        ["query"] = new JsonObject { ["query"] = variable.Query, ["refId"] = variable.Name },
        ["refresh"] = 2,
        ["sort"] = 1,
        ["multi"] = true,
        ["includeAll"] = true,
        ["allValue"] = ".*",
        ["current"] = new JsonObject { ["text"] = "All", ["value"] = "$__all" },
    };

    private static IEnumerable<JsonObject> Panels(Dashboard dashboard)
    {
        var (id, y) = (0, 0);
        foreach (var row in dashboard.Rows)
        {
            yield return new() { ["id"] = ++id, ["type"] = "row", ["title"] = row.Title, ["collapsed"] = false, ["gridPos"] = At(0, y++, Width, 1), ["panels"] = new JsonArray() };
            var (width, height) = (Width / row.Panels.Count, row.Panels.All(p => p.Kind == PanelKind.Number) ? NumberHeight : PanelHeight);
            foreach (var (i, panel) in row.Panels.Index()) yield return Of(panel, ++id, At(i * width, y, width, height));
            y += height;
        }
    }

    private static JsonObject At(int x, int y, int w, int h) => new() { ["x"] = x, ["y"] = y, ["w"] = w, ["h"] = h };

    private static JsonObject Of(Panel panel, int id, JsonObject at) => new()
    {
        ["id"] = id,
        ["title"] = panel.Title,
        ["description"] = panel.Description,
        ["type"] = panel.Kind switch { PanelKind.Number => "stat", PanelKind.Table => "table", _ => "timeseries" },
        ["datasource"] = Source,
        ["gridPos"] = at,
        ["fieldConfig"] = new JsonObject
        {
            ["defaults"] = panel.Kind is PanelKind.Lines or PanelKind.Stack
                ? new() { ["unit"] = panel.Unit, ["min"] = 0, ["custom"] = new JsonObject { ["fillOpacity"] = panel.Kind == PanelKind.Stack ? 30 : 5, ["showPoints"] = "never", ["stacking"] = new JsonObject { ["mode"] = panel.Kind == PanelKind.Stack ? "normal" : "none" } } }
                : new JsonObject { ["unit"] = panel.Unit },
            ["overrides"] = new JsonArray(),
        },
        ["options"] = panel.Kind switch
        {
            PanelKind.Number => new() { ["reduceOptions"] = new JsonObject { ["calcs"] = new JsonArray("lastNotNull") }, ["colorMode"] = "value", ["graphMode"] = "area" },
            PanelKind.Table => new() { ["showHeader"] = true },
            _ => new JsonObject { ["legend"] = new JsonObject { ["displayMode"] = "table", ["placement"] = "bottom", ["calcs"] = new JsonArray("lastNotNull", "max") }, ["tooltip"] = new JsonObject { ["mode"] = "multi", ["sort"] = "desc" } },
        },
        ["targets"] = new JsonArray([.. panel.Queries.Select((q, i) => (JsonNode)Target(panel, q, i))]),
    };

    private static JsonObject Target(Panel panel, PanelQuery query, int index) => new JsonObject
    {
        ["refId"] = ((char)('A' + index)).ToString(),
        ["datasource"] = Source,
        ["expr"] = query.Expression,
        ["legendFormat"] = query.Legend,
        ["exemplar"] = query.Exemplars,
        ["instant"] = panel.Kind == PanelKind.Table,
        ["range"] = panel.Kind != PanelKind.Table,
        ["format"] = panel.Kind == PanelKind.Table ? "table" : "time_series",
    };
}
