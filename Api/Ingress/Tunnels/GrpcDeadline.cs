using System.Globalization;

namespace InferMesh.Api.Ingress.Tunnels;

/// <summary>The header grpc-timeout: up to eight digits and a unit.</summary>
internal static class GrpcDeadline
{
    public const string Header = "grpc-timeout";

    private const int MaxDigits = 8;
    private const long MaxValue = 99_999_999;

    /// <summary>The time that the client gives the call; null when it sets none.</summary>
    public static TimeSpan? Read(HttpContext context)
    {
        var text = context.Request.Headers[Header].ToString();
        if (text.Length is < 2 or > MaxDigits + 1 || !long.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return null;
        return text[^1] switch
        {
            'H' => TimeSpan.FromHours(value),
            'M' => TimeSpan.FromMinutes(value),
            'S' => TimeSpan.FromSeconds(value),
            'm' => TimeSpan.FromMilliseconds(value),
            'u' => TimeSpan.FromMicroseconds(value),
            'n' => TimeSpan.FromTicks(value / TimeSpan.NanosecondsPerTick),
            _ => null,
        };
    }

    /// <summary>What is left of it, for the next hop.</summary>
    public static string Write(TimeSpan left)
    {
        var milliseconds = Math.Max(1, (long)Math.Ceiling(left.TotalMilliseconds));
        return milliseconds <= MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds}m")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(MaxValue, milliseconds / 1000)}S");
    }
}
