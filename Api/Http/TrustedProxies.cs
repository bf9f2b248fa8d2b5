using InferMesh.Api.Options;
using Microsoft.AspNetCore.HttpOverrides;

namespace InferMesh.Api.Http;

/// <summary>Behind a balancer every call has the balancer's address, and the one that counts is in a header that anybody can send: it is believed to those alone who are in the settings.</summary>
internal static class TrustedProxies
{
    /// <summary>Nothing without proxies in the settings: the middleware would believe everybody then.</summary>
    public static void UseTrustedProxies(this WebApplication app, HttpSettings settings)
    {
        if (settings.TrustedProxies.Count == 0) return;
        // From the last address back to the first that is no proxy of ours, however many there are in a row.
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in settings.TrustedProxies)
        {
            if (HttpSettings.TryNetwork(proxy, out var network)) options.KnownIPNetworks.Add(network);
        }
        app.UseForwardedHeaders(options);
    }
}
