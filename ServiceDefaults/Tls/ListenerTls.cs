using InferMesh.ServiceDefaults.Hosting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>TLS of a port of the web server.</summary>
public static class ListenerTls
{
    /// <summary>Reads the certificates of a port now.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">Name in logs and metrics.</param>
    /// <param name="files">The files; callers are asked for certificates when there are authorities among them.</param>
    /// <param name="required">Whether a caller that shows none is refused.</param>
    /// <param name="settings">Times.</param>
    /// <exception cref="StartupException">A file is missing or broken.</exception>
    public static void AddListenerTls(this IServiceCollection services, string name, CertificateFiles files, bool required, TlsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(settings);
        var source = services.AddCertificates(name, files, settings);
        var rules = files.Authorities is null ? null : new PeerRules(required, null);
        services.AddKeyedSingleton(name, (provider, _) => new TlsGate(name, source, rules, settings.HandshakeTimeout, provider.GetRequiredService<TlsRefusals>()));
    }

    /// <summary>Speaks TLS on the port. The web server's own handshake, with what it does not tell around it: why a connection was refused, and which ones there are.</summary>
    /// <param name="listen">The port.</param>
    /// <param name="name">Name given to <see cref="AddListenerTls"/>.</param>
    public static void UseListenerTls(this ListenOptions listen, string name)
    {
        ArgumentNullException.ThrowIfNull(listen);
        var gate = listen.ApplicationServices.GetRequiredKeyedService<TlsGate>(name);
        var time = listen.ApplicationServices.GetRequiredService<TimeProvider>();
        listen.Use(next => context => AroundAsync(next, gate, time, context));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            // The steps around it keep the time: they know what it was over for.
            HandshakeTimeout = gate.HandshakeTimeout * 2,
            // QUIC has no steps around its handshake.
            OnConnection = hello => ValueTask.FromResult((hello.Connection?.Features.Get<TlsHandshake>() ?? gate.Begin()).Accept(hello.ClientHelloInfo, gate.Rules is not null)),
        });
        listen.Use(next => context => InsideAsync(next, gate, context));
    }

    private static async Task AroundAsync(ConnectionDelegate next, TlsGate gate, TimeProvider time, ConnectionContext context)
    {
        var handshake = gate.Begin();
        context.Features.Set(handshake);
        using var limit = new CancellationTokenSource(gate.HandshakeTimeout, time);
        try
        {
            if (await FirstByte.PeekAsync(context.Transport.Input, limit.Token).ConfigureAwait(false) is var first && first != FirstByteKind.Tls)
            {
                if (first == FirstByteKind.Plaintext)
                    gate.Refuse(context, TlsRefusal.Plaintext, null);
                return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            if (limit.IsCancellationRequested)
                gate.Refuse(context, TlsRefusal.Timeout, null);
            return;
        }

        using var late = limit.Token.Register(() =>
        {
            if (!handshake.Completed)
                context.Abort(new ConnectionAbortedException("The TLS handshake took too long."));
        });
        await next(context).ConfigureAwait(false);
        if (!handshake.Completed)
            gate.Refuse(context, handshake.Refusal(limit.IsCancellationRequested), handshake.Peer?.Name);
    }

    private static async Task InsideAsync(ConnectionDelegate next, TlsGate gate, ConnectionContext context)
    {
        var handshake = context.Features.Get<TlsHandshake>()!;
        handshake.Completed = true;
        using var watch = gate.Watch(context, handshake);
        await next(context).ConfigureAwait(false);
    }
}
