<#
  Collects what rdpwhy wants to see of a Remote Desktop @@SIDE@@, into one zip for `rdpwhy analyze`.
  Made by rdpwhy @@VERSION@@ (rdpwhy collect --@@SIDE@@); for Windows PowerShell 5.1 and newer.

  It reads only. What it writes is its own folder and the zip, below -Output. It changes no setting, starts and stops
  nothing, enables no log and sends nothing. Run it in an elevated PowerShell: without that, the Security log and the
  keys stay hidden, and what is missing is listed in collect.log.

  The zip holds names of users, computers and addresses. Look at it before you hand it on.
#>
[CmdletBinding()]
param(
    # Where the zip goes.
    [string]$Output = [Environment]::GetFolderPath('Desktop'),
    # The other end, as the user typed it; when given, its name is resolved and its port tried once.
    [string]$Peer = '',
    [int]$Port = 3389
)

$ErrorActionPreference = 'Continue'
if (-not $Output -or -not (Test-Path -LiteralPath $Output)) { $Output = $env:TEMP }
$stamp = [DateTime]::UtcNow.ToString('yyyyMMddTHHmmssZ')
$name = "rdpwhy-@@SIDE@@-$env:COMPUTERNAME-$stamp"
$work = Join-Path $Output $name
$side = Join-Path $work '@@SIDE@@'
$null = New-Item -ItemType Directory -Path $side
$log = Join-Path $side 'collect.log'

function Note([string]$Text) {
    '{0} {1}' -f [DateTime]::UtcNow.ToString('o'), $Text | Out-File -FilePath $log -Append -Encoding utf8
}

# Runs a block and keeps what it prints, errors included; one that fails costs its own file only.
function Save([string]$File, [scriptblock]$Block) {
    try {
        & $Block 2>&1 | Out-String -Width 400 | Out-File -FilePath (Join-Path $side $File) -Encoding utf8
    } catch {
        Note "$File : $_"
    }
}

function Copy-Log([string]$Path, [string]$File) {
    if (-not (Test-Path -LiteralPath $Path)) { Note "$Path is not there"; return }
    try { Copy-Item -LiteralPath $Path -Destination (Join-Path $side $File) -ErrorAction Stop } catch { Note "$Path : $_" }
}

function Export-Key([string]$Key, [string]$File) {
    & reg.exe export $Key (Join-Path $side $File) /y 2>&1 | Out-Null
    if ($LASTEXITCODE -ne 0) { Note "$Key is not there" }
}

Note "rdpwhy @@VERSION@@, @@SIDE@@, $env:COMPUTERNAME, $([Environment]::OSVersion.Version)"
$principal = New-Object Security.Principal.WindowsPrincipal([Security.Principal.WindowsIdentity]::GetCurrent())
if (-not $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    Note 'NOT ELEVATED: Security log, keys and their permissions may be missing'
    Write-Warning 'Not elevated: the Security log and the keys will be missing.'
}

# section: event-logs
# The channels that the causes ask for. One that is off or absent on this machine is noted and skipped.
$channels = @(
@@CHANNELS@@
)
foreach ($channel in $channels) {
    $file = Join-Path $side ($channel.Replace('/', '%4') + '.evtx')
    $answer = & wevtutil.exe epl $channel $file 2>&1
    if ($LASTEXITCODE -ne 0) { Note "$channel : $answer" }
    $enabled = & wevtutil.exe gl $channel 2>$null | Select-String -Pattern '^enabled: false'
    if ($enabled) { Note "$channel is off; its silence means nothing" }
}

# section: system
Save 'systeminfo.txt' { systeminfo.exe }
Save 'timezone.txt' { Get-TimeZone }
Save 'ipconfig.txt' { ipconfig.exe /all }

# section: hotfixes
Save 'hotfixes.txt' { Get-HotFix | Format-Table -AutoSize }
Save 'update-history.txt' {
    $searcher = (New-Object -ComObject Microsoft.Update.Session).CreateUpdateSearcher()
    $searcher.QueryHistory(0, $searcher.GetTotalHistoryCount()) |
        Select-Object -Property @(
            @{n = 'Date'; e = { $_.Date.ToString('o') } }, 'Operation', 'ResultCode',
            @{n = 'HResult'; e = { '0x{0:x8}' -f $_.HResult } }, 'Title'
        ) | Format-List
}

# section: reporting-events
Copy-Log "$env:windir\SoftwareDistribution\ReportingEvents.log" 'ReportingEvents.log'

# section: registry-schannel
Export-Key 'HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL' 'schannel.reg'
Export-Key 'HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002' 'schannel-policy.reg'

# section: cipher-suites
Save 'cipher-suites.txt' { Get-TlsCipherSuite | Format-Table -AutoSize -Property @('Name', 'Exchange', 'Hash', 'Certificate') }

# section: registry-credssp
Export-Key 'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\CredSSP' 'credssp.reg'
Export-Key 'HKLM\SOFTWARE\Policies\Microsoft\Windows\CredentialsDelegation' 'credentials-delegation.reg'
Export-Key 'HKLM\SYSTEM\CurrentControlSet\Control\Lsa' 'lsa.reg'

# section: registry-terminal-server
Export-Key 'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server' 'terminal-server.reg'
Export-Key 'HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' 'terminal-server-policy.reg'

# section: time
Save 'w32tm.txt' { w32tm.exe /query /status /verbose; w32tm.exe /query /source }

# section: group-policy
Save 'gpresult.txt' { gpresult.exe /r /scope computer; gpresult.exe /r }
& gpresult.exe /h (Join-Path $side 'gpresult.html') /f 2>&1 | Out-Null

# section: domain
Save 'nltest.txt' {
    $domain = (Get-CimInstance Win32_ComputerSystem).Domain
    nltest.exe /sc_query:$domain
    nltest.exe /dsgetdc:$domain
}

@@PART@@
# What no script can collect.
@'
@@BY_HAND@@
'@ | Out-File -FilePath (Join-Path $work 'please-add.txt') -Encoding utf8

Add-Type -AssemblyName System.IO.Compression.FileSystem
$zip = "$work.zip"
[System.IO.Compression.ZipFile]::CreateFromDirectory($work, $zip)
# Only the folder this script made a moment ago; its content is in the zip.
[System.IO.Directory]::Delete($work, $true)
Write-Host "Done: $zip"
Write-Host 'Look at it, add what please-add.txt in it asks for, then: rdpwhy analyze' $zip
