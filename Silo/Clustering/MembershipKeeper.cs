using InferMesh.Silo.Options;
using StackExchange.Redis;

namespace InferMesh.Silo.Clustering;

/// <summary>
/// Puts the silos that run back into a membership list that was lost, with a version above the one that they know: so they go on as the cluster that they are, a new silo joins them, and
/// clients find them again. A silo that died meanwhile is found dead as always.
/// </summary>
internal sealed partial class MembershipKeeper(ILocalSiloDetails self, IMembershipTable table, ClusterSettings settings, TimeProvider time, ILogger<MembershipKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan FirstLooks = TimeSpan.FromMilliseconds(250);

    private MembershipTableData? _known;

    /// <summary>Looks once; mends what is lost.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        var list = await ReadAsync(cancellationToken);
        // A silo that runs is never taken off the list. One that joined the empty list several times over may have brought it to any version.
        if (_known is { } known && (list.Version.Version < known.Version.Version || list.TryGet(self.SiloAddress) is null))
        {
            LogLost(list.Version.Version, known.Version.Version);
            list = await RestoreAsync(known, list, cancellationToken);
            LogRestored(list.Members.Count, list.Version.Version);
        }
        // Before it has joined it has nothing to put back.
        if (list.TryGet(self.SiloAddress) is { Item1.Status: SiloStatus.Active }) _known = list;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // What it never knew it cannot put back: a list may be lost right after the silo has joined.
            await Task.Delay(_known is null ? FirstLooks : settings.TableRefreshTimeout, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogUnreadable(e.Message);
            }
        }
    }

    // All silos do this at once: each step is a compare-and-set, and what another has done is seen in the next read.
    private async Task<MembershipTableData> RestoreAsync(MembershipTableData known, MembershipTableData list, CancellationToken cancellationToken)
    {
        var running = known.Members.Select(static m => m.Item1).Where(static e => e.Status == SiloStatus.Active).ToArray();
        while (true)
        {
            if (running.FirstOrDefault(e => list.TryGet(e.SiloAddress) is null) is { } missing)
            {
                // Another has started at its address: it is not there any more, and nobody needs to find that out by asking it.
                if (list.Members.Any(m => m.Item1.SiloAddress.Endpoint.Equals(missing.SiloAddress.Endpoint) && m.Item1.SiloAddress.Generation > missing.SiloAddress.Generation)) missing.Status = SiloStatus.Dead;
                await table.InsertRowAsync(missing, list.Version.Next(), cancellationToken);
            }
            // The others believe a list that is newer than theirs, so nobody may be missing from it then.
            else if (list.Version.Version <= known.Version.Version && list.TryGet(self.SiloAddress) is { } own)
                await table.UpdateRowAsync(own.Item1, own.Item2, list.Version.Next(), cancellationToken);
            else
                return list;
            list = await ReadAsync(cancellationToken);
        }
    }

    private async Task<MembershipTableData> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await table.ReadAllAsync(cancellationToken);
        }
        catch (Exception e) when (e is not RedisException and not TimeoutException and not OperationCanceledException)
        {
            // A list without a version is none.
            await table.InitializeMembershipTableAsync(tryInitTableVersion: true, cancellationToken);
            return await table.ReadAllAsync(cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The membership list was lost: it is at version {Version}, and was at {KnownVersion}")]
    private partial void LogLost(int version, int knownVersion);

    [LoggerMessage(LogLevel.Information, "The membership list is there again, with {Rows} rows, at version {Version}")]
    private partial void LogRestored(int rows, int version);

    [LoggerMessage(LogLevel.Warning, "The membership list cannot be read: {Reason}")]
    private partial void LogUnreadable(string reason);
}
