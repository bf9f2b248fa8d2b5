namespace InferMesh.Tests.Unit.AppHost.Monitoring;

/// <summary>A dashboard as it is written; <see cref="GrafanaJson"/> makes the file of it.</summary>
/// <param name="Uid">Id, the same in every Grafana; also the file's name.</param>
/// <param name="Title">Title.</param>
/// <param name="Description">What it is for, one sentence.</param>
/// <param name="Rows">Rows of panels, top to bottom.</param>
/// <param name="Variables">What can be picked at its top.</param>
internal sealed record Dashboard(string Uid, string Title, string Description, IReadOnlyList<DashboardRow> Rows, params IReadOnlyList<DashboardVariable> Variables);

/// <summary>Panels beside each other under a title.</summary>
internal sealed record DashboardRow(string Title, params IReadOnlyList<Panel> Panels);

/// <summary>Values of a label that can be picked; all of them by default.</summary>
internal sealed record DashboardVariable(string Name, string Label, string Query);

/// <summary>One panel.</summary>
/// <param name="Title">Title.</param>
/// <param name="Kind">How it is drawn.</param>
/// <param name="Unit">Grafana's name of the unit.</param>
/// <param name="Queries">What it shows.</param>
/// <param name="Description">How to read it, where the title does not say.</param>
internal sealed record Panel(string Title, PanelKind Kind, string Unit, IReadOnlyList<PanelQuery> Queries, string Description = "");

/// <summary>A query and what its lines are called.</summary>
/// <param name="Expression">PromQL.</param>
/// <param name="Legend">Grafana's form, such as <c>{{node}}</c>.</param>
/// <param name="Exemplars">Traces are shown beside the lines.</param>
internal sealed record PanelQuery(string Expression, string Legend, bool Exemplars = false);

/// <summary>How a panel is drawn.</summary>
internal enum PanelKind
{
    /// <summary>Lines over time.</summary>
    Lines,

    /// <summary>Lines on top of each other.</summary>
    Stack,

    /// <summary>The last value, large.</summary>
    Number,

    /// <summary>A row for each series with its last value.</summary>
    Table,
}
