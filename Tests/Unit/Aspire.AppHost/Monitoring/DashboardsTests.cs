using System.Text.Json;
using InferMesh.Tests.Unit.Architecture;

namespace InferMesh.Tests.Unit.AppHost.Monitoring;

/// <summary>The files are what the code says.</summary>
[TestClass]
public sealed class DashboardsTests
{
    private const string Folder = "Aspire.AppHost/monitoring/grafana";

    [TestMethod]
    public void Files_OfAllDashboards_AreWhatTheCodeMakes()
    {
        var files = Dashboards.All.ToDictionary(d => $"{d.Uid}.json", GrafanaJson.Write);
        if (Environment.GetEnvironmentVariable("INFERMESH_UPDATE_GOLDEN") == "1")
            foreach (var (name, text) in files) File.WriteAllText(Path.Combine(Repository.Root, Folder, name), text);
        CollectionAssert.AreEquivalent(files.Keys.ToArray(), Directory.GetFiles(Path.Combine(Repository.Root, Folder), "*.json").Select(Path.GetFileName).ToArray());
        foreach (var (name, text) in files)
            Assert.AreEqual(text, Repository.Read($"{Folder}/{name}"), $"{name}: run this test with INFERMESH_UPDATE_GOLDEN=1 to write the files anew, and review them.");
    }

    [TestMethod]
    public void Panels_OfEachDashboard_HaveIdsAndPlacesOfTheirOwn()
    {
        foreach (var dashboard in Dashboards.All)
        {
            var panels = JsonDocument.Parse(GrafanaJson.Write(dashboard)).RootElement.GetProperty("panels").EnumerateArray().ToArray();
            CollectionAssert.AllItemsAreUnique(panels.Select(p => p.GetProperty("id").GetInt32()).ToArray());
            var taken = new HashSet<(int, int)>();
            foreach (var at in panels.Select(p => p.GetProperty("gridPos")))
            {
                for (var x = at.GetProperty("x").GetInt32(); x < at.GetProperty("x").GetInt32() + at.GetProperty("w").GetInt32(); x++)
                    for (var y = at.GetProperty("y").GetInt32(); y < at.GetProperty("y").GetInt32() + at.GetProperty("h").GetInt32(); y++)
                        Assert.IsTrue(x < 24 && taken.Add((x, y)), $"{dashboard.Uid}: two panels at {x}, {y}");
            }
        }
    }
}
