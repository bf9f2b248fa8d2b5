using System.Globalization;
using System.IO.Compression;
using InferMesh.Simulator.Engine;
using InferMesh.Strategies.Topology;
using InferMesh.Tests.Unit.Simulator.ReferenceCases;

namespace InferMesh.Tests.Unit.Strategies.Topology;

[TestClass]
public sealed class VivaldiTests
{
    [TestMethod]
    [TestProperty(ReferenceRow.Property, "vivaldi-planetlab-2dh")]
    [DataRow(1UL)]
    [DataRow(2UL)]
    public void Update_OnPlanetLab_FindsTheReferenceError(ulong seed)
    {
        // Reference case vivaldi-planetlab-2dh: median relative error 0.12 within 0.03, 32 neighbours, 300 rounds of one sample per node.
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { Length: > 0 } data)
        {
            Assert.Inconclusive("INFERMESH_DATA is not set: the latency matrix is not at hand.");
            return;
        }

        var rtt = Matrix(Path.Combine(data, "net-latency/PlanetLabData_1.csv.gz"));
        Assert.HasCount(490, rtt);
        Assert.AreEqual(0.12, MedianError(rtt, Converge(rtt, dimensions: 2, neighbours: 32, rounds: 300, seed)), 0.03);
    }

    [TestMethod]
    [DataRow(2, 0.12, 1UL)]
    [DataRow(2, 0.12, 2UL)]
    [DataRow(8, 0.10, 1UL)]
    [DataRow(8, 0.10, 2UL)]
    public void Update_OnPlanetLab_StaysBelowTheGoal(int dimensions, double most, ulong seed)
    {
        if (Environment.GetEnvironmentVariable("INFERMESH_DATA") is not { Length: > 0 } data)
        {
            Assert.Inconclusive("INFERMESH_DATA is not set: the latency matrix is not at hand.");
            return;
        }

        var rtt = Matrix(Path.Combine(data, "net-latency/PlanetLabData_1.csv.gz"));
        var median = MedianError(rtt, Converge(rtt, dimensions, neighbours: 32, rounds: 300, seed));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median relative error {median:0.0000}"));
        Assert.IsLessThanOrEqualTo(most, median);
    }

    [TestMethod]
    public void Update_AtOnePlace_UsesEveryAxis()
    {
        var moved = new HashSet<int>();
        foreach (var direction in new[] { 0.05, 0.3, 0.6 })
        {
            var origin = VivaldiCoordinate.Origin(8);
            var position = Vivaldi.Update(origin, origin, 50, direction).Position;
            moved.UnionWith(Enumerable.Range(0, 8).Where(axis => position[axis] != 0));
        }

        Assert.HasCount(8, moved);
    }

    [TestMethod]
    public void Update_TwoNodes_MeetTheirRoundTrip()
    {
        VivaldiCoordinate a = VivaldiCoordinate.Origin(2), b = VivaldiCoordinate.Origin(2);
        for (var i = 0; i < 200; i++) (a, b) = (Vivaldi.Update(a, b, 80, 0.3), Vivaldi.Update(b, a, 80, 0.8));

        Assert.AreEqual(80, a.RttMsTo(b), 0.5);
        Assert.AreEqual(a.RttMsTo(b), b.RttMsTo(a));
        Assert.IsLessThan(0.05, a.Error);
    }

    [TestMethod]
    public void Update_NodesOnAGrid_AreFoundAgain()
    {
        // 25 nodes on a grid of 20 ms with 3 ms of access each: a plane with heights has no error.
        var rtt = Enumerable.Range(0, 25).Select(i => Enumerable.Range(0, 25)
            .Select(j => i == j ? 0 : 6 + 20 * Math.Sqrt(Math.Pow(i % 5 - j % 5, 2) + Math.Pow(i / 5 - j / 5, 2))).ToArray()).ToArray();
        Assert.IsLessThan(0.03, MedianError(rtt, Converge(rtt, 2, 24, 400, 3)));
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(-5.0)]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    public void Update_NoMeasurement_ChangesNothing(double rttMs)
    {
        var self = new VivaldiCoordinate([3, 4], 2, 0.5);
        Assert.AreSame(self, Vivaldi.Update(self, VivaldiCoordinate.Origin(2), rttMs, 0));
    }

    [TestMethod]
    public void Update_AtOnePlace_PartsInEveryDirection()
    {
        // Half of it each, times the error, which is nearly all of the round trip.
        const double Share = 0.5 * ((0.125 * (50 - 0.02) / 50) + 0.875);
        foreach (var dimensions in new[] { 1, 2, 3, 8 })
        {
            var origin = VivaldiCoordinate.Origin(dimensions);
            foreach (var direction in new[] { 0.0, 0.25, 0.5, 0.99 })
                Assert.AreEqual(Share * (50 - 0.02), Math.Sqrt(Vivaldi.Update(origin, origin, 50, direction).Position.Sum(x => x * x)), 1e-9);
        }
    }

    [TestMethod]
    public void Update_OfCertainNodes_StaysFinite()
    {
        var (a, b) = (new VivaldiCoordinate([0, 0], 1, 0), new VivaldiCoordinate([10, 0], 1, 0));
        var moved = Vivaldi.Update(a, b, 100, 0);
        Assert.IsTrue(moved.Position.All(double.IsFinite) && double.IsFinite(moved.Error));
        Assert.IsGreaterThan(a.RttMsTo(b), moved.RttMsTo(b));
    }

    [TestMethod]
    public void Update_OtherDimensions_Throws() =>
        Assert.ThrowsExactly<ArgumentException>(() => Vivaldi.Update(VivaldiCoordinate.Origin(2), VivaldiCoordinate.Origin(3), 1, 0));

    private static VivaldiCoordinate[] Converge(double[][] rtt, int dimensions, int neighbours, int rounds, ulong seed)
    {
        var random = new RandomStream(seed, 1);
        var nodes = Array.ConvertAll(rtt, _ => VivaldiCoordinate.Origin(dimensions));
        var peers = rtt.Select((row, i) => Enumerable.Range(0, row.Length).Where(j => j != i && row[j] > 0).OrderBy(_ => random.NextUnit()).Take(neighbours).ToArray()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < nodes.Length; i++)
            {
                if (peers[i].Length == 0) continue;
                var j = peers[i][(int)(random.NextUnit() * peers[i].Length)];
                nodes[i] = Vivaldi.Update(nodes[i], nodes[j], rtt[i][j], random.NextUnit());
            }
        }

        return nodes;
    }

    private static double MedianError(double[][] rtt, VivaldiCoordinate[] nodes)
    {
        var errors = new List<double>();
        for (var i = 0; i < nodes.Length; i++)
        {
            for (var j = 0; j < nodes.Length; j++)
            {
                if (i != j && rtt[i][j] > 0) errors.Add(Math.Abs(nodes[i].RttMsTo(nodes[j]) - rtt[i][j]) / rtt[i][j]);
            }
        }

        errors.Sort();
        return errors[errors.Count / 2];
    }

    private static double[][] Matrix(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split([',', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(f => double.Parse(f, CultureInfo.InvariantCulture)).ToArray())];
    }
}
