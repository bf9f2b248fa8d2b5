using System.CommandLine;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator;

/// <summary><c>infermesh health</c> and <c>whoami</c>: whether the API works, and what it takes the caller for. Exit codes of health: 0 healthy or degraded, 1 unhealthy or out of reach.</summary>
internal static class HealthCommand
{
    private static readonly View Checks = new("check", [Column.Of("CHECK", "name"), Column.State("STATUS", "status"), Column.Of("DESCRIPTION", "description"), Column.Number("MS", "durationMs").Wide()]);

    private static readonly View Whole = View.OfText("health", "status", static _ => "");

    private static readonly View Caller = View.OfText("caller", "name", static caller => new FieldText()
        .Add("name", caller.Text("name"))
        .Add("signed in by", caller.Text("kind"))
        .Add("mode", caller.Text("mode"))
        .Add("roles", caller.Words("roles", ", "))
        .Add("tenant", caller.Text("tenant"))
        .Add("project", caller.Text("project"))
        .Add("node", caller.Text("nodeId"))
        .Add("permissions", caller.Words("permissions", ", "))
        .ToString());

    public static Command Create() => ApiCommand.Create("health", "Show whether the API and what it needs are healthy: exit code 0 when they are, 1 when not.", static async (call, cancellationToken) =>
    {
        // 503 says how ill it is.
        using var health = await call.Api.SendForDetailsAsync("/health", null, ["checks"], cancellationToken);
        // For people a row for each check; for programs one object, in whatever form.
        if (call.Answers.IsText)
            await call.Answers.RowsAsync([.. health.RootElement.Items("checks")], Checks);
        else
            await call.WriteAsync(health.RootElement, Whole);
        return health.RootElement.Text("status") is "Unhealthy" ? InferMeshCommand.ExitFailed : 0;
    });

    public static Command WhoAmI() => ApiCommand.Create("whoami", "Show what the API takes you for, and what you may do.", static async (call, cancellationToken) =>
    {
        using var caller = await call.Api.GetAsync("/api/v1/whoami", cancellationToken);
        await call.WriteAsync(caller.RootElement, Caller);
        return 0;
    });
}
