using InferMesh.ServiceDefaults.Configuration;
using InferMesh.ServiceDefaults.Options;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>Starts a host of the mesh and turns what keeps it from starting into readable lines and an exit code.</summary>
public static partial class MeshHost
{
    /// <summary>
    /// A web application builder whose content root is the folder of the binaries, so that appsettings.json is found whatever the
    /// working directory is.
    /// </summary>
    /// <param name="args">The command line, <c>--InferMesh:Cluster:SiloPort=11112</c> and so on; <c>--config</c> and <c>--secrets</c> name mounted files.</param>
    /// <param name="role">Whose section of the settings file counts.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="StartupException">A mounted file cannot be read.</exception>
    public static WebApplicationBuilder CreateBuilder(string[] args, MeshRole role)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.AddMountedFiles(args, role);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            // With them the trace: who has a line finds the request, and who has a request finds its lines.
            console.IncludeScopes = true;
        });
        builder.Logging.Configure(logging => logging.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        return builder;
    }

    /// <summary>Builds the application, checks its settings, runs it until it is told to stop. With <c>--probe URL</c> it only asks another one for its health.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="build">Builds the application; may throw <see cref="StartupException"/>.</param>
    /// <returns>The exit code: see <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Func<WebApplication> build)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(build);
        if (HealthProbe.Asked(args) is { } address)
            return await HealthProbe.RunAsync(address).ConfigureAwait(false);
        WebApplication? app = null;
        StopDeadline? deadline = null;
        try
        {
            app = build();
            await CheckAsync(app).ConfigureAwait(false);
            deadline = StopDeadline.Enforce(app, app.Logger);
            await app.StartAsync().ConfigureAwait(false);
            await app.WaitForShutdownAsync().ConfigureAwait(false);
            return ExitCodes.Stopped;
        }
        catch (OperationCanceledException) when (app?.Lifetime.ApplicationStopping.IsCancellationRequested == true)
        {
            // Told to stop while it was still starting, such as looking for its cluster.
            return ExitCodes.Stopped;
        }
        catch (Exception e) when (StartupFailure.Explain(e) is { } known)
        {
            // Last, below what the parts log while they are taken down: the line that matters is the one at the prompt.
            await DisposeQuietlyAsync(app).ConfigureAwait(false);
            await Console.Error.WriteLineAsync($"{ProcessName} cannot run. {known.Message}").ConfigureAwait(false);
            return known.ExitCode;
        }
        finally
        {
            await DisposeQuietlyAsync(app).ConfigureAwait(false);
            deadline?.Dispose();
        }
    }

    private static async Task CheckAsync(WebApplication app)
    {
        app.Services.ValidateMeshOptions();
        foreach (var preflight in app.Services.GetServices<IPreflight>())
            await preflight.CheckAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private static string ProcessName => System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name ?? "InferMesh";

    // A host that failed half-way may fail again while it is taken down; the first reason is the one to show.
    private static async ValueTask DisposeQuietlyAsync(WebApplication? app)
    {
        if (app is null)
            return;
        var logger = app.Logger;
        try
        {
            await app.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogDisposeFailed(logger, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The host could not be taken down in order: {Reason}")]
    private static partial void LogDisposeFailed(ILogger logger, string reason);
}
