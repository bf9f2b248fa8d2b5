using System.Text.Json.Nodes;

namespace InferMesh.Tests.EndToEnd.WebConsole;

/// <summary>Live charts before there is much to show.</summary>
[TestClass]
public sealed class ConsoleChartTests
{
    private const int WindowSeconds = 300;

    // Of the first chart: what its scale of the time shows, and how many of its pixels have the colour of its first line.
    private const string Look = """
        () => {
          const chart = document.querySelector('.chart-host');
          const canvas = chart.querySelector('canvas');
          const probe = document.createElement('canvas').getContext('2d');
          probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--chart-1');
          probe.fillRect(0, 0, 1, 1);
          const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let drawn = 0;
          for (let i = 0; i < data.length; i += 4) if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) drawn++;
          const scale = chart.querySelector('.uplot').dataset;
          return [Number(scale.from), Number(scale.to), Date.now() / 1000, drawn];
        }
        """;

    [TestMethod]
    public async Task Node_WithOneReading_ShowsItAsAPoint_OnAScaleThatEndsNow()
    {
        var mesh = await SharedMesh.GetAsync();
        var (page, complaints) = await ConsoleBrowser.OpenAsync(mesh.Api.BaseAddress!, "#/reports");
        var first = JsonNode.Parse(await mesh.Api.GetStringAsync("/api/v1/nodes/syn-c0-n3"))!;
        first["runtimes"]![0]!["models"]![0]!["running"] = 2;
        first["sampledAt"] = DateTimeOffset.UtcNow.ToString("O");
        await page.RouteAsync("**/api/v1/nodes/syn-c0-n3", route => route.FulfillAsync(new() { ContentType = "application/json", Body = first.ToJsonString() }));
        await page.GotoAsync(new Uri(mesh.Api.BaseAddress!, "/#/nodes/syn-c0-n3").ToString());
        await page.Locator(".chart-host canvas").First.WaitForAsync();

        await page.WaitForFunctionAsync("() => 'to' in document.querySelector('.chart-host .uplot').dataset");
        var seen = await page.EvaluateAsync<double[]>(Look);
        Assert.AreEqual(WindowSeconds, seen[1] - seen[0], 1, "The scale is as long as the window.");
        Assert.IsLessThan(5, Math.Abs(seen[2] - seen[1]), "It ends now.");
        Assert.IsGreaterThan(4, seen[3], "The one reading is drawn.");
        await page.ShootAsync("node-first-reading");

        // Time goes on, with and without readings.
        await page.WaitForFunctionAsync($"() => Number(document.querySelector('.chart-host .uplot').dataset.to) > {seen[1] + 1}");
        Assert.IsEmpty(complaints, string.Join("\n", complaints));
        await page.CloseAsync();
    }
}
