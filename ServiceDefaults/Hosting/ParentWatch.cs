using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace InferMesh.ServiceDefaults.Hosting;

/// <summary>
/// Stops the application when the process that launched it is gone, so that a launcher killed with SIGKILL leaves no orphans.
/// Active only when <see cref="Variable"/> names a process.
/// </summary>
public sealed partial class ParentWatch : BackgroundService
{
    /// <summary>The environment variable that holds the launcher's process id.</summary>
    public const string Variable = "MESH_PARENT_PID";

    private readonly IHostApplicationLifetime _lifetime;
    private readonly IProcessTable _processes;
    private readonly TimeProvider _time;
    private readonly ILogger<ParentWatch> _logger;
    private readonly int _parentId;
    private readonly TimeSpan _period;

    internal ParentWatch(
        int parentId, TimeSpan period, IProcessTable processes, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ParentWatch> logger)
    {
        _parentId = parentId;
        _period = period;
        _processes = processes;
        _lifetime = lifetime;
        _time = time;
        _logger = logger;
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A process id is re-used after its process has ended: only id and start time together name a process.
        var started = _processes.StartTime(_parentId);
        var alive = started is not null && started <= _processes.OwnStartTime;
        using var timer = new PeriodicTimer(_period, _time);
        while (alive && await timer.WaitForNextTickAsync(stoppingToken))
            alive = _processes.StartTime(_parentId) == started;

        if (!stoppingToken.IsCancellationRequested)
        {
            LogParentGone(_parentId);
            _lifetime.StopApplication();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The launching process {ParentId} is gone; stopping.")]
    private partial void LogParentGone(int parentId);
}

internal static class ParentWatchExtensions
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);

    public static void AddParentWatch(this IHostApplicationBuilder builder)
    {
        if (!int.TryParse(builder.Configuration[ParentWatch.Variable], out var parentId) || parentId <= 0)
            return;
        builder.Services.AddHostedService(services => new ParentWatch(
            parentId,
            s_period,
            new ProcessTable(),
            services.GetRequiredService<IHostApplicationLifetime>(),
            TimeProvider.System,
            services.GetRequiredService<ILogger<ParentWatch>>()));
    }
}
