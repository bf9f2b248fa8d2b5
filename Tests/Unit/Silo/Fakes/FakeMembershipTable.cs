namespace InferMesh.Tests.Unit.Silo.Fakes;

/// <summary>A membership list in memory: compared and set by its version, lost on demand.</summary>
internal sealed class FakeMembershipTable : IMembershipTable
{
    private readonly Dictionary<SiloAddress, MembershipEntry> _rows = [];
    private int? _version = 0;

    /// <summary>Whether it answers.</summary>
    public bool IsDown { get; set; }

    /// <summary>Reads that were made.</summary>
    public int Reads { get; private set; }

    /// <summary>Called before each write is compared: another writer.</summary>
    public Action? BeforeWrite { get; set; }

    public void Set(SiloAddress silo, SiloStatus status)
    {
        _rows[silo] = new() { SiloAddress = silo, Status = status, SiloName = silo.ToString(), ProxyPort = 30000, HostName = "host" };
        _version++;
    }

    /// <summary>Everything in it is gone.</summary>
    public void Lose()
    {
        _rows.Clear();
        _version = null;
    }

    public Task<MembershipTableData> ReadAll()
    {
        Reads++;
        if (IsDown) throw new TimeoutException("down");
        if (_version is not { } version) throw new InvalidOperationException("no version");
        return Task.FromResult(new MembershipTableData([.. _rows.Values.Select(static r => Tuple.Create(r, "1"))], new TableVersion(version, "1")));
    }

    public Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        _version ??= 0;
        return Task.CompletedTask;
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => Write(entry, tableVersion, isNew: true);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => Write(entry, tableVersion, isNew: false);

    public Task DeleteMembershipTableEntries(string clusterId) => throw new NotSupportedException();

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => throw new NotSupportedException();

    public Task<MembershipTableData> ReadRow(SiloAddress key) => throw new NotSupportedException();

    public Task UpdateIAmAlive(MembershipEntry entry) => throw new NotSupportedException();

    private Task<bool> Write(MembershipEntry entry, TableVersion tableVersion, bool isNew)
    {
        BeforeWrite?.Invoke();
        if (tableVersion.Version != _version + 1 || _rows.ContainsKey(entry.SiloAddress) == isNew) return Task.FromResult(false);
        _rows[entry.SiloAddress] = entry;
        _version = tableVersion.Version;
        return Task.FromResult(true);
    }
}

/// <summary>Who this silo is.</summary>
internal sealed class FakeSiloDetails(SiloAddress address) : ILocalSiloDetails
{
    public string Name => "silo";

    public string ClusterId => "cluster";

    public string DnsHostName => "host";

    public SiloAddress SiloAddress => address;

    public SiloAddress GatewayAddress => address;
}
