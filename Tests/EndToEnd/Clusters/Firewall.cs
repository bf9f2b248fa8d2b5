using System.Globalization;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd.Clusters;

/// <summary>
/// Cuts one silo off, as a broken network does: packets are lost, and nobody is told. All is on one machine, so its packets are known by a group that it runs with, and by its ports.
/// The rules are in a table of their own.
/// </summary>
internal sealed class Firewall : IAsyncDisposable
{
    private const int Group = 64_321;
    private static readonly string? s_program = ExternalProcess.Find("nft", "/usr/sbin", "/sbin");
    private readonly string _table = $"infermesh_test_{Environment.ProcessId}";

    private Firewall()
    {
    }

    /// <summary>What runs a silo so that it can be cut off.</summary>
    public static IReadOnlyList<string> Prefix { get; } = ["setpriv", "--regid", Group.ToString(CultureInfo.InvariantCulture), "--clear-groups"];

    /// <summary>Opens it; the test is inconclusive where this user or system cannot.</summary>
    public static async Task<Firewall> OpenAsync()
    {
        if (s_program is null || ExternalProcess.Find("setpriv") is null) Assert.Inconclusive("nft or setpriv is not installed: eng/install-test-tools.sh");
        var firewall = new Firewall();
        try
        {
            await RunAsync($"add table inet {firewall._table}");
        }
        catch (InvalidOperationException e)
        {
            Assert.Inconclusive($"no firewall can be set here: {e.Message}");
        }
        return firewall;
    }

    /// <summary>Cuts a silo off from the other silos and from all clients.</summary>
    /// <param name="own">Its ports.</param>
    /// <param name="others">Ports of what it must not reach.</param>
    public Task CutAsync((int Silos, int Clients) own, IEnumerable<int> others) => RunAsync(
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            table inet {{_table}} {
              chain out {
                type filter hook output priority 0; policy accept;
                tcp dport { {{own.Silos}}, {{own.Clients}} } drop
                tcp sport { {{own.Silos}}, {{own.Clients}} } drop
                meta skgid {{Group}} tcp dport { {{string.Join(", ", others)}} } drop
              }
            }
            """));

    /// <summary>Lets everything through again.</summary>
    public Task MendAsync() => RunAsync($"flush table inet {_table}");

    public async ValueTask DisposeAsync() => await RunAsync($"delete table inet {_table}");

    private static async Task RunAsync(string rules)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, rules);
            await ExternalProcess.RunAsync(s_program!, "-f", file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
